"""The drill: a load that counts every failed request and every repeated POST, and one fault after the other.

``fleet drill`` runs it on a private copy of the fleet, with the shipped or the operator's own supervisord.conf and
nginx.conf, so that every number in them is tried without a risk for the running fleet.
"""

__version__ = "0.1.0"
