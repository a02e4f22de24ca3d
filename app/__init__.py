"""The aiohttp application that this checkout serves; replace it with your own."""
