"""What one feature costs, and how the product behaves at its limits."""
