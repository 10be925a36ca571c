"""`gunicorn tests.chaos.product.web:application`: the product's WSGI application, patched."""

from config.wsgi import application
from tests.chaos.product.patches import apply_patches

__all__ = ["application"]

apply_patches()
