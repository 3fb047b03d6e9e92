"""E-commerce: shops, their customers, their orders. Orders have no filter by date and no order of time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request

from connector.sandbox.mailchimp import mailings
from connector.sandbox.mailchimp.access import hub
from connector.sandbox.mailchimp.problems import not_found, reply
from connector.sandbox.mailchimp.reading import chosen, json_body, stamp, text_in, window
from connector.sandbox.mailchimp.records import Order, Store
from connector.sandbox.mailchimp.showing import links

ORDER_TEXTS = (
    "fulfillment_status",
    "financial_status",
    "landing_site",
    "order_url",
    "campaign_id",
    "processed_at_foreign",
    "updated_at_foreign",
    "cancelled_at_foreign",
)
NO_VALUE = ""

blueprint = Blueprint("stores", __name__)


def _store(store_id: str) -> Store:
    if store_id not in hub().stores:
        raise not_found()
    return hub().stores[store_id]


def _order(store_id: str, order_id: str) -> tuple[Store, Order]:
    store = _store(store_id)
    if order_id not in store.orders:
        raise not_found()
    return store, store.orders[order_id]


@blueprint.get("/ecommerce/stores")
def list_stores() -> Response:
    """Answer shops, page by page."""
    page = window()
    with hub().stage.lock:
        found = list(hub().stores.values())
        shown = [_store_shown(each) for each in page.cut(found)]
    return chosen({"stores": shown, "total_items": len(found), "_links": links("/ecommerce/stores")})


@blueprint.post("/ecommerce/stores")
def add_store() -> Response:
    """Make a shop, bound to one audience for good."""
    body = json_body()
    given = [text_in(body, name) for name in ("id", "name", "currency_code")]
    with hub().stage.lock:
        audience = hub().audience(text_in(body, "list_id"))
        return reply(_store_shown(mailings.open_store(hub(), audience, *given)))


@blueprint.get("/ecommerce/stores/<store_id>")
def show_store(store_id: str) -> Response:
    """Answer one shop."""
    with hub().stage.lock:
        return chosen(_store_shown(_store(store_id)))


def _store_shown(store: Store) -> dict[str, Any]:
    return {
        "id": store.store_id,
        "list_id": store.list_id,
        "list_is_active": True,
        "name": store.name,
        "platform": "",
        "currency_code": store.currency,
        "is_syncing": False,
        "created_at": stamp(store.created_ms),
        "updated_at": stamp(store.created_ms),
        "_links": links(f"/ecommerce/stores/{store.store_id}"),
    }


@blueprint.get("/ecommerce/stores/<store_id>/customers")
def list_customers(store_id: str) -> Response:
    """Answer a shop's customers, page by page."""
    page, address = window(), request.args.get("email_address")
    with hub().stage.lock:
        customers = [_customer(each) for each in _store(store_id).customers.values()]
    found = [each for each in customers if address is None or each["email_address"] == address]
    return chosen({"customers": list(page.cut(found)), "store_id": store_id, "total_items": len(found)})


def _customer(customer: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": customer["id"],
        "email_address": customer.get("email_address", ""),
        "opt_in_status": bool(customer.get("opt_in_status")),
        "company": customer.get("company", ""),
        "first_name": customer.get("first_name", ""),
        "last_name": customer.get("last_name", ""),
        "orders_count": customer["orders_count"],
        "total_spent": customer["total_spent"],
        "created_at": customer["created_at"],
        "updated_at": customer["updated_at"],
    }


@blueprint.get("/ecommerce/orders")
def all_orders() -> Response:
    """Answer the orders of every shop, page by page."""
    with hub().stage.lock:
        return _orders(list(hub().stores.values()), "/ecommerce/orders", {})


@blueprint.get("/ecommerce/stores/<store_id>/orders")
def list_orders(store_id: str) -> Response:
    """Answer a shop's orders, page by page."""
    with hub().stage.lock:
        return _orders([_store(store_id)], f"/ecommerce/stores/{store_id}/orders", {"store_id": store_id})


def _orders(stores: list[Store], path: str, more: Mapping[str, str]) -> Response:
    page, args = window(), request.args
    found = [
        (store, each)
        for store in stores
        for each in store.orders.values()
        if args.get("customer_id", each.customer_id) == each.customer_id
        and ("campaign_id" not in args or each.body.get("campaign_id") == args["campaign_id"])
        and args.get("has_outreach", "false") != "true"
    ]
    shown = [_order_shown(store, each) for store, each in page.cut(found)]
    return chosen({"orders": shown, **more, "total_items": len(found), "_links": links(path)})


def _order_shown(store: Store, order: Order) -> dict[str, Any]:
    body = order.body
    return {
        "id": order.order_id,
        "customer": _customer(store.customers[order.customer_id]),
        "store_id": order.store_id,
        **{name: body.get(name, NO_VALUE) for name in ORDER_TEXTS},
        "currency_code": body["currency_code"],
        "order_total": body["order_total"],
        "discount_total": body.get("discount_total", 0),
        "tax_total": body.get("tax_total", 0),
        "shipping_total": body.get("shipping_total", 0),
        "lines": body["lines"],
        "_links": links(f"/ecommerce/stores/{order.store_id}/orders/{order.order_id}"),
    }


@blueprint.post("/ecommerce/stores/<store_id>/orders")
def add_order(store_id: str) -> Response:
    """Keep an order. That its products exist is not checked, as Mailchimp would."""
    body = json_body()
    with hub().stage.lock:
        store = _store(store_id)
        return reply(_order_shown(store, mailings.place_order(hub(), store, body)))


@blueprint.get("/ecommerce/stores/<store_id>/orders/<order_id>")
def show_order(store_id: str, order_id: str) -> Response:
    """Answer one order."""
    with hub().stage.lock:
        return chosen(_order_shown(*_order(store_id, order_id)))


@blueprint.patch("/ecommerce/stores/<store_id>/orders/<order_id>")
def change_order(store_id: str, order_id: str) -> Response:
    """Change an order, for example cancel it with ``cancelled_at_foreign``; its customer stays."""
    body = json_body()
    with hub().stage.lock:
        store, order = _order(store_id, order_id)
        changed = {**order.body, **{name: value for name, value in body.items() if name not in ("id", "customer")}}
        mailings.money(changed)
        order.body = changed
        mailings.recount(hub(), store, order.customer_id)
        return reply(_order_shown(store, order))


@blueprint.delete("/ecommerce/stores/<store_id>/orders/<order_id>")
def remove_order(store_id: str, order_id: str) -> Response:
    """Remove an order."""
    with hub().stage.lock:
        store, order = _order(store_id, order_id)
        del store.orders[order_id]
        mailings.recount(hub(), store, order.customer_id)
    return Response(status=204)
