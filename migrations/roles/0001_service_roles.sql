-- The database roles of the services. Roles belong to the whole PostgreSQL server, not to one database: the
-- block is safe to repeat, and safe against another database of the same server doing it at the same moment.
--
-- Each role logs in by the means that the server's pg_hba.conf asks for: the embedded server trusts its private
-- socket, `ccn migrate --role-passwords DIR` sets passwords for every other one.
do $$
declare
    role_name text;
begin
    foreach role_name in array array['ccn_issuer', 'ccn_redemption', 'ccn_funding', 'ccn_audit'] loop
        begin
            execute format('create role %I login nosuperuser nocreatedb nocreaterole noinherit', role_name);
        exception
            when duplicate_object or unique_violation then null;
        end;
    end loop;
end $$;
