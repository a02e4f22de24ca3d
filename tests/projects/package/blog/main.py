"""The application and its routes."""

import aiohttp_jinja2
import jinja2
from aiohttp import web

from blog.database import POOL, database


async def index(request: web.Request) -> web.Response:
    """List the articles."""
    rows = await request.app[POOL].fetch("select id, title from articles order by id")
    return aiohttp_jinja2.render_template("index.html", request, {"articles": rows})


async def article(request: web.Request) -> web.Response:
    """Show one."""
    number = int(request.match_info["id"])
    rows = await request.app[POOL].fetch("select title, text from articles where id = ?", number)
    if not rows:
        raise web.HTTPNotFound
    return aiohttp_jinja2.render_template("article.html", request, {"title": rows[0][0], "text": rows[0][1]})


def create_app() -> web.Application:
    """Build the application."""
    app = web.Application()
    aiohttp_jinja2.setup(app, loader=jinja2.PackageLoader("blog"))
    app.cleanup_ctx.append(database)
    app.router.add_get("/", index, name="index")
    app.router.add_get(r"/articles/{id:\d+}", article, name="article")
    return app
