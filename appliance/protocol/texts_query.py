"""Error texts of queries: filters, order, pages. Merged into the catalogue."""

from __future__ import annotations

_AT = "At character {position} of the filter, {token}"
_AT_ZH = "过滤条件第 {position} 个字符处的 {token}"

QUERY_ERRORS: dict[str, tuple[str, str, str, str]] = {
    # How a filter is written
    "query.too_long": (
        "The filter is too long: at most {limit} characters.",
        "Ask for less at once, or use a list of values with in (…).",
        "过滤条件过长：最多 {limit} 个字符。",
        "请减少一次查询的条件，或使用 in (…) 列出多个值。",
    ),
    "query.too_deep": (
        f"{_AT} is too deep within brackets and “not”: at most {{limit}}.",
        "Write the filter flatter.",
        f"{_AT_ZH} 嵌套过深：括号与 not 最多 {{limit}} 层。",
        "请减少过滤条件的嵌套。",
    ),
    "query.too_many": (
        "The question has too many parts: at most {limit}.",
        "Ask for less at once.",
        "查询的条目过多：最多 {limit} 个。",
        "请减少一次查询的条目。",
    ),
    "query.open_quote": (
        f"{_AT} begins a text that does not end.",
        'Close it with the same quotation mark; within it write \\" for the mark itself.',
        f"{_AT_ZH} 开始的文本没有结束。",
        '请用相同的引号结束；文本中的引号写作 \\"。',
    ),
    "query.stray_character": (
        f"{_AT} has no meaning.",
        "Put texts with special characters into quotation marks.",
        f"{_AT_ZH} 没有意义。",
        "含特殊字符的文本请放在引号中。",
    ),
    "query.expected_field": (
        f"{_AT} stands where the name of a field, “not” or ( is expected.",
        'Write comparisons like name = "web" and join them with “and” or “or”.',
        f"{_AT_ZH} 应为字段名、not 或 (。",
        '比较写作 name = "web"，用 and 或 or 连接。',
    ),
    "query.expected_operator": (
        f"{_AT} stands where, after {{name}}, an operator is expected.",
        "Operators are =, !=, >, >=, <, <=, in, not in, like, not like, is null, is not null.",
        f"{_AT_ZH}：{{name}} 之后应为运算符。",
        "运算符：=、!=、>、>=、<、<=、in、not in、like、not like、is null、is not null。",
    ),
    "query.expected_value": (
        f"{_AT} stands where a value is expected.",
        'Put texts into quotation marks: name = "web 1".',
        f"{_AT_ZH} 应为值。",
        '文本请放在引号中：name = "web 1"。',
    ),
    "query.expected_list": (
        f"{_AT} stands where ( is expected, because “in” takes a list.",
        'Write it like state in ("running", "stopped").',
        f"{_AT_ZH} 应为 (，因为 in 之后是列表。",
        '写法如 state in ("running", "stopped")。',
    ),
    "query.expected_list_end": (
        f"{_AT} stands where a comma or ) is expected.",
        'Write it like state in ("running", "stopped").',
        f"{_AT_ZH} 应为逗号或 )。",
        '写法如 state in ("running", "stopped")。',
    ),
    "query.expected_null": (
        f"{_AT} stands where “null” or “not null” is expected.",
        "After “is” only these are possible; use = for values.",
        f"{_AT_ZH} 应为 null 或 not null。",
        "is 之后只能是这两者；比较值请用 =。",
    ),
    "query.expected_joint": (
        f"{_AT} stands where “and”, “or” or the end is expected.",
        "Join comparisons with “and” or “or”; put texts with blanks into quotation marks.",
        f"{_AT_ZH} 应为 and、or 或结束。",
        "请用 and 或 or 连接比较；含空格的文本请放在引号中。",
    ),
    "query.expected_joint_or_bracket": (
        f"{_AT} stands where “and”, “or” or ) is expected.",
        "Close each bracket that you open.",
        f"{_AT_ZH} 应为 and、or 或 )。",
        "请关闭每个打开的括号。",
    ),
    # What it asks for
    "query.unknown_field": (
        f"{_AT}: {{kind}} has no field {{name}}.",
        "There are: {choices}.",
        f"{_AT_ZH}：{{kind}}没有字段 {{name}}。",
        "可用的字段：{choices}。",
    ),
    "query.no_column": (
        f"{_AT} is no field, but leads to other resources.",
        "Add a dot and a field: {name}.id. Without one, only “is null” and “is not null” fit.",
        f"{_AT_ZH} 不是字段，而是指向其他资源。",
        "请加点号和字段名：{name}.id；否则只能使用 is null 和 is not null。",
    ),
    "query.bad_operator": (
        f"{_AT} cannot be compared with {{operator}}.",
        "Texts and addresses know all operators; numbers, sizes and times no like; "
        "true and false only =, != and in.",
        f"{_AT_ZH} 不能用 {{operator}} 比较。",
        "文本和地址支持全部运算符；数字、容量和时间不支持 like；true/false 只支持 =、!= 和 in。",
    ),
    "query.bad_text": (
        f"{_AT} is no text for {{name}}.",
        "Put texts into quotation marks.",
        f"{_AT_ZH} 不是 {{name}} 的有效文本。",
        "文本请放在引号中。",
    ),
    "query.bad_number": (
        f"{_AT} is no number, as {{name}} needs one.",
        "Write it like 4 or 1.5.",
        f"{_AT_ZH} 不是数字，{{name}} 需要数字。",
        "写法如 4 或 1.5。",
    ),
    "query.bad_size": (
        f"{_AT} is no size, as {{name}} needs one.",
        "Write it like 2GiB, 512M or a number of bytes.",
        f"{_AT_ZH} 不是容量，{{name}} 需要容量。",
        "写法如 2GiB、512M 或字节数。",
    ),
    "query.bad_time": (
        f"{_AT} is no time, as {{name}} needs one.",
        "Write it like 2030-01-31 or 2030-01-31T08:00:00+08:00; without a zone it is UTC.",
        f"{_AT_ZH} 不是时间，{{name}} 需要时间。",
        "写法如 2030-01-31 或 2030-01-31T08:00:00+08:00；没有时区时为 UTC。",
    ),
    "query.bad_boolean": (
        f"{_AT} is neither true nor false, as {{name}} needs one of them.",
        "Write true or false.",
        f"{_AT_ZH} 不是 true 或 false，{{name}} 需要其中之一。",
        "请写 true 或 false。",
    ),
    "query.bad_address": (
        f"{_AT} is no IPv4 address, as {{name}} needs one.",
        'Write it like 10.0.0.5; for parts of addresses use like "10.0.0.%".',
        f"{_AT_ZH} 不是 IPv4 地址，{{name}} 需要地址。",
        '写法如 10.0.0.5；部分地址请用 like "10.0.0.%"。',
    ),
    "query.bad_ipv6_address": (
        f"{_AT} is no IPv6 address, as {{name}} needs one.",
        'Write it like fd00:1::10; for parts of addresses use like "fd00:1::%".',
        f"{_AT_ZH} 不是 IPv6 地址，{{name}} 需要地址。",
        '写法如 fd00:1::10；部分地址请用 like "fd00:1::%"。',
    ),
    "query.too_costly": (
        "The question was not answered within {seconds} s.",
        "Ask for fields that narrow the list down, or without the total (count=false).",
        "查询未能在 {seconds} 秒内完成。",
        "请使用能缩小范围的字段，或不计算总数（count=false）。",
    ),
    # Pages
    "query.other_cursor": (
        "The cursor belongs to another question.",
        "Use a cursor with the same filter, search and order as the page it came from, or begin "
        "with the first page.",
        "该游标属于另一个查询。",
        "请使用与该页相同的过滤、搜索和排序条件，或从第一页重新开始。",
    ),
    "query.unknown_shown": (
        "Items have no field {name} that could be shown.",
        "There are: {choices}.",
        "没有可显示的字段 {name}。",
        "可用的字段：{choices}。",
    ),
}
