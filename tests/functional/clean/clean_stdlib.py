"""Much of the standard library, imported."""
import argparse, ast, base64, bz2, calendar, collections, concurrent.futures, configparser  # noqa
import contextlib, csv, ctypes, dataclasses, datetime, decimal, difflib, email.message  # noqa
import encodings.idna, enum, fractions, ftplib, functools, getpass, gettext, glob, gzip  # noqa
import hashlib, heapq, hmac, html.parser, http.client, http.server, imaplib, inspect  # noqa
import ipaddress, json, locale, logging.config, logging.handlers, lzma, mimetypes  # noqa
import multiprocessing, operator, optparse, pathlib, pdb, pickle, platform, plistlib  # noqa
import pprint, profile, pydoc, queue, random, re, sched, secrets, selectors, shelve  # noqa
import shlex, shutil, smtplib, socketserver, sqlite3, ssl, statistics, string, struct  # noqa
import subprocess, sysconfig, tarfile, tempfile, textwrap, timeit  # noqa
import tokenize, trace, traceback, tracemalloc, typing, unittest.mock, urllib.request  # noqa
import uuid, warnings, wave, weakref, webbrowser, wsgiref.simple_server, xml.dom.minidom  # noqa
import xml.etree.ElementTree, xmlrpc.client, zipfile, zipimport, zoneinfo  # noqa
import asyncio, decimal, unittest  # noqa

platform.platform()
mimetypes.guess_type("a.html")
random.SystemRandom().random()
ssl.create_default_context()
sqlite3.connect(":memory:").close()
