"""cryptography and ssl: keys, a certificate and a TLS connection.  Eager: the client is connected at
import."""
import datetime
import os
import socket
import ssl
import threading

from cryptography import x509
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import app_result

CONTEXT = ssl.create_default_context()
FERNET = Fernet(Fernet.generate_key())


def certificate():
    """The path of a file with a key and its certificate, for localhost."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.utcnow()
    signed = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
              .serial_number(x509.random_serial_number()).not_valid_before(now)
              .not_valid_after(now + datetime.timedelta(days=1))
              .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
              .sign(key, hashes.SHA256()))
    path = app_result.place("certificate-%d.pem" % os.getpid())
    with open(path, "wb") as file:
        file.write(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                     serialization.NoEncryption()))
        file.write(signed.public_bytes(serialization.Encoding.PEM))
    return path


def serve(listener, context):
    with context.wrap_socket(listener.accept()[0], server_side=True) as connection:
        while data := connection.recv(1024):
            connection.sendall(data.upper())


def connect():
    """A TLS client and the thread that serves it."""
    path = certificate()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    CONTEXT.load_verify_locations(path)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener, context), name="tls", daemon=True)
        thread.start()
        raw = socket.create_connection(listener.getsockname())
        return CONTEXT.wrap_socket(raw, server_hostname="localhost"), thread


if app_result.EAGER:
    CONNECTION = connect()


def work():
    token = FERNET.encrypt(b"secret")
    connection, thread = connect()
    with connection:
        connection.sendall(b"over tls")
        answer = connection.recv(1024).decode()
        version = connection.version()
    thread.join(60)
    return {"answer": answer, "tls": version, "fernet": FERNET.decrypt(token).decode(),
            "random": os.urandom(8).hex(), "key": ec.generate_private_key(ec.SECP256R1())
            .private_numbers().private_value.to_bytes(32, "big").hex()}


def run():
    app_result.run(work)
