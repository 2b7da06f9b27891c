from django.urls import path

from orders import views

urlpatterns = [
    path("", views.index),
    path("orders", views.make),
    path("orders/<int:pk>", views.show),
    path("report", views.report),
]
