"""Lives a marketplace's life against the laboratory with Antom's official SDK.

Arguments: gateway, control port, client id; on stdin the merchant's private key and Antom's public key, a line of base64 each.

The SDK speaks HTTPS on port 443 only, so its function that carries bytes is replaced by one that speaks HTTP to the gateway;
what it signs, sends, verifies and parses is its own.
"""

import http.client
import json
import sys
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import urlsplit

import com.alipay.ams.api.default_alipay_client as sdk
from com.alipay.ams.api.exception.exception import AlipayApiException
from com.alipay.ams.api.model.account_holder_type import AccountHolderType
from com.alipay.ams.api.model.amount import Amount
from com.alipay.ams.api.model.legal_entity_type import LegalEntityType
from com.alipay.ams.api.model.merchant import Merchant
from com.alipay.ams.api.model.merchant_info import MerchantInfo
from com.alipay.ams.api.model.order import Order
from com.alipay.ams.api.model.payment_method import PaymentMethod
from com.alipay.ams.api.model.product_code_type import ProductCodeType
from com.alipay.ams.api.model.refund_detail import RefundDetail
from com.alipay.ams.api.model.refund_from_type import RefundFromType
from com.alipay.ams.api.model.settle_to_type import SettleToType
from com.alipay.ams.api.model.settlement_bank_account import SettlementBankAccount
from com.alipay.ams.api.model.settlement_detail import SettlementDetail
from com.alipay.ams.api.model.settlement_info import SettlementInfo
from com.alipay.ams.api.request.marketplace.alipay_inquire_balance_request import AlipayInquireBalanceRequest
from com.alipay.ams.api.request.marketplace.alipay_register_request import AlipayRegisterRequest
from com.alipay.ams.api.request.marketplace.alipay_settle_request import AlipaySettleRequest
from com.alipay.ams.api.request.pay.alipay_pay_query_request import AlipayPayQueryRequest
from com.alipay.ams.api.request.pay.alipay_pay_request import AlipayPayRequest
from com.alipay.ams.api.request.pay.alipay_refund_request import AlipayRefundRequest
from com.alipay.ams.api.request.pay.alipay_inquiry_refund_request import AlipayInquiryRefundRequest
from com.alipay.ams.api.response.marketplace.alipay_inquire_balance_response import AlipayInquireBalanceResponse
from com.alipay.ams.api.response.marketplace.alipay_register_response import AlipayRegisterResponse
from com.alipay.ams.api.response.marketplace.alipay_settle_response import AlipaySettleResponse
from com.alipay.ams.api.response.pay.alipay_pay_query_response import AlipayPayQueryResponse
from com.alipay.ams.api.response.pay.alipay_pay_response import AlipayPayResponse
from com.alipay.ams.api.response.pay.alipay_refund_response import AlipayRefundResponse
from com.alipay.ams.api.tools.webhook_tool import check_signature

GATEWAY, CONTROL, CLIENT_ID = sys.argv[1:]
PRIVATE_KEY, ANTOM_KEY = sys.stdin.read().split()


def plain_post(url, headers=None, req_body=None, charset="UTF-8"):
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    connection.request("POST", parts.path, body=req_body.encode(charset), headers=headers)
    response = connection.getresponse()
    answer = response.getheaders(), response.read()
    connection.close()
    return answer


sdk.do_post = plain_post
client = sdk.DefaultAlipayClient(GATEWAY, CLIENT_ID, PRIVATE_KEY, ANTOM_KEY)


def control(path, body):
    request = urllib.request.Request(CONTROL + path, data=json.dumps(body).encode(), method="POST")
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.load(response)


def call(request, response):
    return response(client.execute(request))


def euros(minor):
    return Amount("EUR", str(minor))


def expect(what, found, expected):
    if found != expected:
        raise AssertionError(f"{what}: {found!r}, expected {expected!r}")
    print(f"{what}: {found}")


class Receiver(BaseHTTPRequestHandler):
    came = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        verified = check_signature(
            "POST", self.path, self.headers["client-id"], self.headers["request-time"], body,
            self.headers["signature"], ANTOM_KEY,
        )
        notification = json.loads(body)
        self.came.append((notification["notifyType"], verified))
        answer = b'{"result":{"resultCode":"SUCCESS","resultStatus":"S","resultMessage":"success"}}'
        self.send_response(200)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *arguments):
        pass


def register():
    account = SettlementBankAccount()
    account.bank_account_no, account.account_holder_name = "DE1", "A Seller"
    account.swift_code, account.bank_region = "DEUTDEFF", "DE"
    account.account_holder_type = AccountHolderType.ENTERPRISE
    info = SettlementInfo()
    info.settlement_currency, info.settlement_bank_account = "EUR", account
    merchant = MerchantInfo()
    merchant.reference_merchant_id, merchant.login_id = "s1", "s1@example.com"
    merchant.legal_entity_type = LegalEntityType.COMPANY
    request = AlipayRegisterRequest()
    request.registration_request_id, request.settlement_infos, request.merchant_info = "reg-1", [info], merchant
    request.payment_methods = []
    response = call(request, AlipayRegisterResponse)
    expect("register", (response.result.result_code, response.registration_status), ("SUCCESS", "PROCESSING"))


def pay():
    merchant = Merchant()
    merchant.reference_merchant_id = "s1"
    order = Order()
    order.reference_order_id, order.order_description, order.order_amount = "order-1", "Eine Lampe für 10 €", euros(1000)
    order.merchant = merchant
    method = PaymentMethod()
    method.payment_method_type = "GCASH"
    request = AlipayPayRequest()
    request.product_code, request.payment_request_id = ProductCodeType.CASHIER_PAYMENT, "pay-1"
    request.order, request.payment_amount, request.payment_method = order, euros(1000), method
    response = call(request, AlipayPayResponse)
    expect("pay", response.result.result_code, "PAYMENT_IN_PROCESS")
    return response.payment_id


def inquire(status):
    request = AlipayPayQueryRequest()
    request.payment_request_id = "pay-1"
    response = call(request, AlipayPayQueryResponse)
    found = getattr(response.payment_status, "value", response.payment_status)
    expect("inquiryPayment", found, status)
    return response


def settle(payment_id):
    details = []
    for side, minor in [(SettleToType.SELLER, 900), (SettleToType.MARKETPLACE, 100)]:
        detail = SettlementDetail()
        detail.settle_to, detail.settlement_amount = side, euros(minor)
        details.append(detail)
    request = AlipaySettleRequest()
    request.settlement_request_id, request.payment_id, request.settlement_details = "settle-1", payment_id, details
    response = call(request, AlipaySettleResponse)
    expect("settle", response.result.result_code, "SUCCESS")


def refund(payment_id, minor, code):
    detail = RefundDetail()
    detail.refund_from, detail.refund_amount = RefundFromType.SELLER, euros(minor)
    request = AlipayRefundRequest()
    request.refund_request_id, request.payment_id = f"refund-{minor}", payment_id
    request.refund_amount, request.refund_details = euros(minor), [detail]
    response = call(request, AlipayRefundResponse)
    expect("refund", response.result.result_code, code)


def balances():
    request = AlipayInquireBalanceRequest()
    request.reference_merchant_id = "s1"
    response = call(request, AlipayInquireBalanceResponse)
    [balance] = response.account_balances
    expect("inquireBalance", (balance.currency, balance.available_balance.value), ("EUR", "600"))


def forged():
    request = AlipayPayQueryRequest()
    request.payment_request_id = "forged"
    try:
        client.execute(request)
    except AlipayApiException as error:
        expect("forged", "verif" in str(error), True)
    else:
        raise AssertionError("an answer that Antom did not sign was believed")


server = HTTPServer(("127.0.0.1", 0), Receiver)
threading.Thread(target=server.serve_forever, daemon=True).start()
control("/notify-url", {"url": f"http://127.0.0.1:{server.server_port}/antom/notify"})

register()
control("/advance", {"seconds": 4 * 86400})
payment_id = pay()
inquire("PROCESSING")
control("/advance", {"seconds": 30})
expect("earliestSettlementTime", bool(inquire("SUCCESS").earliest_settlement_time), True)
control("/advance", {"seconds": 3600})
settle(payment_id)
settle(payment_id)
refund(payment_id, 300, "SUCCESS")
refund(payment_id, 800, "REFUND_AMOUNT_EXCEED")
inquiry = AlipayInquiryRefundRequest()
inquiry.refund_request_id = "refund-300"
expect("inquiryRefund", json.loads(client.execute(inquiry))["refundStatus"], "SUCCESS")
balances()
forged()
control("/close-day", {})
expect("notifications", sorted(set(Receiver.came)), [
    ("PAYMENT_RESULT", True), ("REFUND_RESULT", True), ("REGISTRATION_RESULT", True), ("SETTLEMENT_RESULT", True),
])
print("done")
