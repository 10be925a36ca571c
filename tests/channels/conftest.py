from tests.support.channels.twilio_account import connect_twilio, serve_twilio

__all__ = ["connect_twilio", "serve_twilio"]
