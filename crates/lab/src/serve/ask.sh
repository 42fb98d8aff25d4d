#!/bin/sh
# Asks the local Antom one signed question, prints the answer and verifies its signature.
#
#   sh ask.sh inquiryPayment '{"paymentRequestId":"..."}'
#   sh ask.sh inquiryRefund '{"refundRequestId":"..."}'
#   sh ask.sh inquireBalance '{}'
#
# Needs curl and openssl.
set -eu
cd "$(dirname "$0")"

gateway='@GATEWAY@'
client='@CLIENT@'
question=$1
body=$2

case $question in
  inquireBalance) path=/ams/api/v1/accounts/$question ;;
  register | settlementInfo/update) path=/ams/api/v1/merchants/$question ;;
  createTransfer | createPayout) path=/ams/api/v1/funds/$question ;;
  *) path=/ams/api/v1/payments/$question ;;
esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

time=$(date +%s)000
printf 'POST %s\n%s.%s.%s' "$path" "$client" "$time" "$body" > "$work/to-sign"
signature=$(openssl dgst -sha256 -sign secrets/merchant.pem "$work/to-sign" \
  | openssl base64 -A | sed 's/+/%2B/g; s,/,%2F,g; s/=/%3D/g')

curl --silent --show-error --dump-header "$work/head" --output "$work/body" \
  --header 'content-type: application/json; charset=UTF-8' \
  --header "client-id: $client" \
  --header "request-time: $time" \
  --header "signature: algorithm=RSA256,keyVersion=1,signature=$signature" \
  --data-raw "$body" "$gateway$path"
cat "$work/body"
echo

header() { tr -d '\r' < "$work/head" | sed -n "s/^$1: //p"; }

printf 'POST %s\n%s.%s.' "$path" "$client" "$(header response-time)" > "$work/to-verify"
cat "$work/body" >> "$work/to-verify"
header signature | sed 's/.*signature=//; s/%2B/+/g; s,%2F,/,g; s/%3D/=/g' \
  | openssl base64 -d -A > "$work/signature"
openssl dgst -sha256 -verify secrets/antom.pem -signature "$work/signature" "$work/to-verify"
