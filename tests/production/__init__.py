"""The documented production set-up: compose's environment, gunicorn behind Caddy, RabbitMQ, the first set-up."""
