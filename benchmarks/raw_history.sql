-- Runs getvariable('first') to first + runs, over a year that ends at the last sync, in loads of 1,000 runs.
set variable total = getvariable('first') + getvariable('runs');
set variable synced_at = timestamptz '2026-03-31 12:00:00+00';

create temp table run as
select
    i,
    'run_' || md5(i::varchar) as run_id,
    'wf_' || hash(i) % 127 as workflow_id,
    hash(i, 1) % 39 as model,
    hash(i, 2) % 100 as chance,
    getvariable('synced_at')
    - to_microseconds(((getvariable('total') - i) * (365 * 86400e6 / getvariable('total')))::bigint) as started_at,
    started_at + to_hours(1) as _extracted_at,
    (1770000000 + i // 1000) || '.5' as _dlt_load_id
from range(getvariable('first'), getvariable('total')) as given (i);

insert into armature.runs by name
select
    run_id,
    workflow_id,
    'Workflow ' || workflow_id as workflow_name,
    'v' || (1 + i * 6 // getvariable('total')) as workflow_version_id,
    case
        when chance < 60 + model % 20 then 'pass'
        when chance < 85 then 'fail'
        when chance < 93 then 'partial'
        when chance < 98 then 'error'
        else 'running'
    end as status,
    'model-' || model as model,
    'schedule' as "trigger",
    1 as attempt,
    started_at,
    started_at + to_seconds(30 + (hash(i, 3) % 300)::bigint) as ended_at,
    30000 + hash(i, 3) % 300000 as duration_ms,
    case when chance % 10 > 0 then (hash(i, 4) % 1000000) / 1000000 end as cost,
    1000 + hash(i, 5) % 50000 as input_tokens,
    100 + hash(i, 6) % 5000 as output_tokens,
    1100 + hash(i, 5) % 50000 + hash(i, 6) % 5000 as total_tokens,
    case when chance % 17 = 0 then 'the tool timed out once' end as error,
    _extracted_at,
    _dlt_load_id
from run;

insert into armature.evaluations by name
select
    run_id,
    'ev_' || i as evaluation_id,
    case when chance < 60 + model % 20 then 'pass' else 'fail' end as verdict,
    chance / 100 as score,
    'judge-' || (i * 3 // getvariable('total')) as judge_model,
    started_at + to_minutes(10) as evaluated_at,
    _extracted_at,
    _dlt_load_id
from run
where chance < 93;

insert into armature.evaluation_criteria by name
select
    run_id,
    criterion_index,
    'c' || criterion_index as criterion_id,
    'The agent has done step ' || criterion_index || ' of ' || workflow_id as criterion_text,
    case when chance + criterion_index < 70 then 'pass' else 'fail' end as status,
    criterion_index < 2 as is_required,
    'The transcript shows step ' || criterion_index || ', see ' || md5(run_id) as rationale,
    _extracted_at,
    _dlt_load_id
from run
cross join range(5) as criteria (criterion_index)
where chance < 93;

insert into armature.tool_calls by name
select
    run_id,
    call_index,
    'call_' || call_index as tool_call_id,
    'tool_' || (hash(i, call_index) % 60) as tool_name,
    {'query': md5((i * 31 + call_index)::varchar), 'page': call_index % 3}::json as arguments,
    {'items': [md5(i::varchar)], 'text': repeat('found ', (hash(i) % 60)::bigint)}::json as result,
    hash(i, call_index, 1) % 20 = 0 as is_error,
    20 + hash(i, call_index, 2) % 3000 as duration_ms,
    started_at + to_seconds(call_index * 3) as called_at,
    _extracted_at,
    _dlt_load_id
from run
cross join range(getvariable('calls')) as calls (call_index);

insert into armature.workflows by name
select
    'wf_' || w as workflow_id,
    'Workflow ' || w as "name",
    'mcp_' || (w % 7) as mcp_server_id,
    'v6' as current_version_id,
    false as is_archived,
    getvariable('synced_at') as last_seen_at,
    getvariable('synced_at') as _extracted_at,
    '1770000000.5' as _dlt_load_id
from range(127) as given (w)
where getvariable('first') = 0;

insert into armature.mcp_servers by name
select
    'mcp_' || m as mcp_server_id,
    'Server ' || m as "name",
    getvariable('synced_at') as _extracted_at,
    '1770000000.5' as _dlt_load_id
from range(7) as given (m)
where getvariable('first') = 0;

insert into armature.sync_log by name
select
    'sync-' || getvariable('first') as sync_id,
    0 as chunk,
    '30d' as "range",
    getvariable('synced_at') as finished_at,
    true as is_complete,
    getvariable('synced_at') as _extracted_at,
    '1770000000.5' as _dlt_load_id;
