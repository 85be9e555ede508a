"""One page for each way of saying the same: structured syntaxes, application state and the shown page."""

from __future__ import annotations

import json

PRODUCT = {
    "@type": "Product",
    "name": "Citric acid, 25 kg bag",
    "sku": "C-77",
    "description": "Food grade powder.",
    "offers": {
        "@type": "Offer",
        "price": "1.250",
        "priceCurrency": "EUR",
        "availability": "https://schema.org/InStock",
        "seller": {"@type": "Organization", "name": "Musterlabor GmbH"},
    },
}


def json_ld(data: object) -> str:
    """Writes data as a JSON-LD block."""
    return f'<script type="application/ld+json">{json.dumps(data)}</script>'


MICRODATA = """<html><body><div itemscope itemtype="https://schema.org/Product">
<h1 itemprop="name">Citric acid</h1> <span itemprop="sku">C-77</span>
<div itemprop="offers" itemscope itemtype="https://schema.org/Offer">
<meta itemprop="price" content="12.50"><meta itemprop="priceCurrency" content="GBP"></div>
</div></body></html>"""

RDFA = """<html><body vocab="https://schema.org/" typeof="Product"><h1 property="name">Citric acid</h1>
<div property="offers" typeof="Offer"><span property="price" content="12.50">12,50</span>
<meta property="priceCurrency" content="GBP"></div></body></html>"""

OPENGRAPH = """<html><head>
<meta property="og:type" content="product"><meta property="og:title" content="Citric acid">
<meta property="product:price:amount" content="12.50">
<meta property="product:price:currency" content="GBP"></head>
<body><p>Pictures only</p></body></html>"""

_STATE = {
    "title": "Citric acid powder",
    "price": "12.50",
    "currency": "GBP",
    "companyName": "Orrery Reagents",
    "pad": "x" * 400,
}
STATE = f"""<html><body><h1>Citric acid powder</h1><div id="app"></div>
<script id="__NEXT_DATA__" type="application/json">{json.dumps({"props": {"product": _STATE}})}</script>
</body></html>"""

SHOWN_IN_SPANISH = """<html lang="es"><body><nav>Inicio</nav>
<div class="migas"><a href="/">Inicio</a> &gt; <a href="/q">Químicos</a></div>
<h1>Ácido cítrico</h1><div class="precio">$ 12.500</div>
<ul><li>Pureza: 99 %</li><li>Vendedor: Juana Prueba</li><li>Ubicación: Valparaíso</li></ul>
<h3>Descripción</h3><p>Bolsas cerradas de fábrica, retiro en bodega.</p>
<div class="relacionados"><a href="/i/2">Otro</a> <span class="precio">$ 99</span></div></body></html>"""

ROWS = {
    "inline": (
        '<li class="card"><a href="/i/{n}">Citric acid lot {n}</a> <b>US $1{n}.00</b>'
        '<small>Min. order: 5 kg</small><small class="supplier">Orrery Reagents</small></li>'
    ),
    "blocks": (
        '<div class="item"><h3><a href="/i/{n}">Citric acid lot {n}</a></h3><div class="price">$1{n}.00</div>'
        "<div>Min. order: 5 kg</div><div>Supplier: Orrery Reagents</div></div>"
    ),
    "pictures": (
        '<article><a href="/i/{n}"><img src="/p{n}.jpg" alt=""></a><a href="/i/{n}">Citric acid lot {n}</a>'
        '<p>USD 1{n}.00</p><p>MOQ: 5 kg</p><p class="company-name"><a href="/c">Orrery Reagents</a></p>'
        "</article>"
    ),
}
"""A row of a list, with `{n}` for its number, in three layouts."""
