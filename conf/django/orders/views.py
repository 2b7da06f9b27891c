import json
import os

from django.db import transaction
from django.http import JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from orders.models import Order, Report
from orders.tasks import ship


def index(request):
    return render(request, "orders/index.html", {"orders": Order.objects.all()[:20], "pid": os.getpid()})


@csrf_exempt
@require_POST
def make(request):
    """curl -d '{"item": "tea"}' http://127.0.0.1:8000/orders"""
    order = Order.objects.create(item=json.loads(request.body)["item"])
    transaction.on_commit(lambda: ship.delay(order.pk))
    return JsonResponse(as_json(order), status=201)


def show(request, pk):
    return JsonResponse(as_json(get_object_or_404(Order, pk=pk)))


def report(request):
    latest = Report.objects.last() or Report(orders=0, shipped=0)  # nobody has reported yet
    return JsonResponse({"orders": latest.orders, "shipped": latest.shipped})


def as_json(order):
    return {"id": order.pk, "item": order.item, "shipped_by": order.shipped_by, "served_by": os.getpid()}
