import lxml.etree

document = lxml.etree.fromstring(b"<a><b/></a>")
