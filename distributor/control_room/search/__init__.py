"""`/admin/search/`: one box for people, codes and ids of every kind, distributions, surveys and templates."""
