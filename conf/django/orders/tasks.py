import logging
import os

from celery import shared_task

from orders.models import Order, Report

log = logging.getLogger(__name__)


@shared_task
def ship(order_id):
    Order.objects.filter(pk=order_id).update(shipped_by=os.getpid())
    log.info("order %d is shipped", order_id)


@shared_task
def report():
    """Beat sends this one."""
    Report.objects.create(
        orders=Order.objects.count(), shipped=Order.objects.filter(shipped_by__isnull=False).count()
    )
