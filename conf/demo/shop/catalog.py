"""What the shop sells.  Built once at import: all workers share these pages."""
import decimal
import hashlib


class Product:
    def __init__(self, number):
        self.number = number
        self.name = f"Teapot no. {number}"
        self.price = decimal.Decimal(number % 90 + 10) - decimal.Decimal("0.01")
        self.code = hashlib.sha256(self.name.encode()).hexdigest()[:12]

    def as_dict(self):
        return {"number": self.number, "name": self.name, "price": str(self.price), "code": self.code}


PRODUCTS = {number: Product(number) for number in range(1, 20001)}


def find(number):
    return PRODUCTS.get(number)
