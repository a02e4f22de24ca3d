"""The plugin inside supervisord, ``[rpcinterface:fleet]``: forks workers instead of executing them, and scales live.

An rpcinterface is supervisor's documented way to be extended (http://supervisord.org/xmlrpc.html#rpc-interface-factory
and http://supervisord.org/configuration.html#rpcinterface-x-section-settings). What happens here must never take
supervisord down: each entry point logs what went wrong and leaves supervisord to do what it does without the plugin.
"""
