"""Act: supervisord's RPC, sockets, files. The only layer that can fail half-way."""
