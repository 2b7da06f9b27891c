"""lxml: parsing, XPath and XSLT, compiled at import."""
from lxml import etree, html

import app_result

SHEET = etree.XSLT(etree.XML(
    '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">'
    '<xsl:template match="/"><out><xsl:for-each select="//i"><xsl:value-of select="@n"/>,'
    '</xsl:for-each></out></xsl:template></xsl:stylesheet>'))
NUMBERS = etree.XPath("sum(//i/@n)")


def work():
    tree = etree.XML("<list>" + "".join('<i n="%d"/>' % number for number in range(50)) + "</list>")
    page = html.fromstring("<p>one <b>two</b><p>three")
    return {"sum": NUMBERS(tree), "sheet": SHEET(tree).getroot().text[:8],
            "page": [part.text_content() for part in page.iter("p")]}


def run():
    app_result.run(work)
