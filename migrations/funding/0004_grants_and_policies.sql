grant usage on schema funding to ccn_funding, ccn_redemption, ccn_issuer;

-- Nothing is updated or deleted here. By name: not the table in which migrations are recorded.
grant select, insert on funding.funder, funding.announcement, funding.convention, funding.call, funding.reminder,
    funding.statement_file, funding.statement, funding.statement_line,
    funding.allocation, funding.mandate, funding.mandate_receipt, funding.mandate_cancellation,
    funding.invoice_seller, funding.invoice_buyer, funding.fee, funding.fee_payment, funding.credit_note, funding.credit_note_line,
    funding.payment_rule, funding.payment_rule_confirmation, funding.settlement, funding.refund, funding.payment_proposal,
    funding.payment_decision, funding.payment, funding.settlement_line, funding.hold, funding.hold_awaits, funding.payment_report_file, funding.payment_report,
    funding.payment_report_line, funding.payment_answer,
    funding.break, funding.break_step, funding.explanation, funding.explained_line, funding.explanation_part, funding.tolerance,
    funding.true_up, funding.true_up_payment, funding.expiry_statement, funding.expiry_party, funding.expiry_response,
    funding.expiry_choice, funding.unused_value_refund,
    funding.reconciliation
    to ccn_funding;
grant select on funding.mandate_state, funding.call_paid, funding.call_state, funding.fee_state, funding.payment_order_waiting,
    funding.payment_state, funding.settled_claim, funding.structure_place, funding.pseudonym_secret to ccn_funding;

grant select on funding.settled_claim to ccn_redemption, ccn_issuer;
