"""A chat: an asynchronous factory, websockets and a background task."""
