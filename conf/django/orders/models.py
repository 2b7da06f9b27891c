from django.db import models


class Order(models.Model):
    item = models.CharField(max_length=100)
    made_at = models.DateTimeField(auto_now_add=True)
    shipped_by = models.IntegerField(null=True)  # the pid of who did it

    class Meta:
        ordering = ["-id"]

    def __str__(self):
        return "%d: %s" % (self.pk, self.item)


class Report(models.Model):
    """How many orders there were, and how many of them were shipped."""

    made_at = models.DateTimeField(auto_now_add=True)
    orders = models.IntegerField()
    shipped = models.IntegerField()
