-- Sets the password of one of our roles: ALTER ROLE takes no parameter, and a password must not stand in a
-- statement's text. The server keeps a SCRAM-SHA-256 verifier, never the password. It runs with the rights of
-- its caller, and only the migration role may call it.
create function roles.set_password(role_name text, password text) returns void
language plpgsql
security invoker
set search_path = pg_catalog
set password_encryption = 'scram-sha-256'
as $$
begin
    if role_name not in ('ccn_issuer', 'ccn_redemption', 'ccn_funding', 'ccn_audit') then
        raise exception 'not one of our roles: %', role_name;
    end if;
    execute format('alter role %I password %L', role_name, password);
end $$;

revoke all on function roles.set_password(text, text) from public;
