"""A single file, with the application as a global."""

from aiohttp import web

ITEMS = {"1": {"name": "chair", "price": 40}, "2": {"name": "table", "price": 120}}
routes = web.RouteTableDef()


@routes.get("/")
async def index(request: web.Request) -> web.Response:
    """Greet."""
    return web.Response(text="The shop")


@routes.get("/items/{id}")
async def item(request: web.Request) -> web.Response:
    """Show an item."""
    found = ITEMS.get(request.match_info["id"])
    if found is None:
        raise web.HTTPNotFound(text="no such item")
    return web.json_response(found)


@routes.post("/cart")
async def cart(request: web.Request) -> web.Response:
    """Answer a form with a redirect and a cookie."""
    form = await request.post()
    answer = web.Response(status=303, headers={"Location": str(request.url.with_path("/items/1"))})
    answer.set_cookie("cart", str(form["item"]), httponly=True, secure=request.secure)
    return answer


@routes.get("/me")
async def me(request: web.Request) -> web.Response:
    """Tell what the application sees of its client."""
    seen = {"remote": request.remote, "scheme": request.scheme, "host": request.host, "url": str(request.url)}
    return web.json_response(seen)


@routes.get("/broken")
async def broken(request: web.Request) -> web.Response:
    """Fail."""
    raise RuntimeError("a bug")


app = web.Application()
app.add_routes(routes)
