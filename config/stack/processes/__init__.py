"""Child processes that never outlive the stack. `launch.py` and `guard.py` are scripts that import nothing of ours."""
