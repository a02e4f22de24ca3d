"""The plugin inside supervisord, ``[rpcinterface:fleet]``: forks workers, restarts and scales them live.

An rpcinterface is supervisor's documented extension point (http://supervisord.org/xmlrpc.html#rpc-interface-factory
and http://supervisord.org/configuration.html#rpcinterface-x-section-settings). An error here must never end
supervisord: each entry point logs it and leaves supervisord to do what it does without the plugin.
"""
