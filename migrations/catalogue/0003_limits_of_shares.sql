-- What limits a funder's share of a plan, and who pays the rest. All amounts are over the whole programme.
alter table catalogue.plan_share
    add column cap_cents bigint,
    add column order_minimum_cents bigint,
    add column used_rate numeric(9, 8),
    add column used_cap_cents bigint,
    add column audience_quota numeric(9, 8),
    add column quota_audiences text[],
    add column taken_over_by uuid,
    add constraint plan_share_amounts check (cap_cents > 0 and order_minimum_cents > 0 and used_cap_cents > 0),
    add constraint plan_share_rates check (used_rate > 0 and used_rate <= 1 and audience_quota > 0 and audience_quota <= 1),
    add constraint plan_share_quota_has_audience
        check ((audience_quota is null) = (quota_audiences is null) and cardinality(quota_audiences) > 0),
    add constraint plan_share_rest_is_paid check (taken_over_by is not null or
        num_nonnulls(cap_cents, order_minimum_cents, used_rate, used_cap_cents, audience_quota) = 0),
    add constraint plan_share_not_from_itself check (taken_over_by <> funder_id);

comment on column catalogue.plan_share.cap_cents is 'Most that is put behind batches; acts when a batch is funded.';
comment on column catalogue.plan_share.order_minimum_cents is 'The share applies to batches of at least this face value.';
comment on column catalogue.plan_share.used_rate is 'Most of the face value used, as a part of it; settled at the close.';
comment on column catalogue.plan_share.used_cap_cents is 'Most of the face value used; settled at the close.';
comment on column catalogue.plan_share.audience_quota is 'Least part of used vouchers that reach quota_audiences; settled at the close.';
