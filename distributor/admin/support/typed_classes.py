"""Django classes that accept type parameters, which they do not at run time."""

from typing import TYPE_CHECKING

from django import forms
from django.contrib import admin

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin
    ModelForm = forms.ModelForm
    StackedInline = admin.StackedInline
    TabularInline = admin.TabularInline
else:

    class _Subscriptable:
        def __class_getitem__(cls, models):
            return cls

    class ModelAdmin(_Subscriptable, admin.ModelAdmin): ...

    class ModelForm(_Subscriptable, forms.ModelForm): ...

    class StackedInline(_Subscriptable, admin.StackedInline): ...

    class TabularInline(_Subscriptable, admin.TabularInline): ...
