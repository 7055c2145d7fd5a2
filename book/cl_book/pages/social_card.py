"""What a link to a page shows where it is shared: title, first sentences and a picture; only once the site's address is set."""

from sphinx.application import Sphinx


def setup(app: Sphinx) -> None:
    """Let sphinxext-opengraph write its tags and draw its cards, if `html_baseurl` is set; the tags need whole addresses."""
    address = app.config.html_baseurl
    if not address:
        return
    app.setup_extension("sphinxext.opengraph")
    app.config.ogp_site_url = address
    app.config.ogp_site_name = app.config.project
