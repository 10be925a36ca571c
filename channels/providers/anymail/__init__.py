"""E-mail through the services that django-anymail supports."""
