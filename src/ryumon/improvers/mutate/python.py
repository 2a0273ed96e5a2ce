"""Python, for the mutator."""

import tree_sitter_python

from ryumon.improvers.mutate.language import Language

_ANY = frozenset({None})
_SIDES = frozenset({"left", "right"})
_COMPREHENSIONS = frozenset(
    {"list_comprehension", "generator_expression", "set_comprehension", "dictionary_comprehension"}
)

TABLE = Language(
    name="python",
    suffixes=(".py", ".pyi"),
    grammar=tree_sitter_python.language,
    module="module",
    function="function_definition",
    closed=frozenset(
        {"parameters", "lambda_parameters", "type", "decorator", "string", "class_definition", "global_statement"}
    ),
    comment="comment",
    string="string",
    interpolation="interpolation",
    block="block",
    parentheses="parenthesized_expression",
    identifier="identifier",
    integer="integer",
    real="float",
    binary="binary_operator",
    unary="unary_operator",
    comparison="comparison_operator",
    boolean="boolean_operator",
    negation="not_operator",
    call="call",
    arguments="argument_list",
    keyword="keyword_argument",
    attribute="attribute",
    subscript="subscript",
    slice="slice",
    conditional="conditional_expression",
    conditional_operands=(0, 2),
    assignment="assignment",
    augmented="augmented_assignment",
    expression_statement="expression_statement",
    for_statement="for_statement",
    loops=frozenset({"for_statement", "while_statement"}),
    collections=frozenset({"list", "tuple"}),
    comprehensions=_COMPREHENSIONS,
    comprehension_clause="for_in_clause",
    parameters=frozenset({"parameters", "lambda_parameters"}),
    targets=frozenset({"pattern_list", "tuple_pattern", "list_pattern"}),
    imports=frozenset({"import_statement", "import_from_statement", "aliased_import", "dotted_name"}),
    future_import="future_import_statement",
    declared_elsewhere=frozenset({"global_statement", "nonlocal_statement"}),
    walrus="named_expression",
    binders=frozenset({"assignment", "augmented_assignment", "for_statement"}),
    ignored=frozenset({"comment", "line_continuation", ";"}),
    scopes=frozenset({"function_definition", "lambda", "class_definition"}),
    values={
        "binary_operator": _SIDES,
        "boolean_operator": _SIDES,
        "unary_operator": frozenset({"argument"}),
        "not_operator": frozenset({"argument"}),
        "comparison_operator": _ANY,
        "parenthesized_expression": _ANY,
        "argument_list": _ANY,
        "keyword_argument": frozenset({"value"}),
        "assignment": frozenset({"right"}),
        "augmented_assignment": frozenset({"right"}),
        "return_statement": _ANY,
        "conditional_expression": _ANY,
        "subscript": frozenset({"subscript"}),
        "slice": _ANY,
        "if_statement": frozenset({"condition"}),
        "elif_clause": frozenset({"condition"}),
        "while_statement": frozenset({"condition"}),
        "list": _ANY,
        "tuple": _ANY,
        "expression_list": _ANY,
        "lambda": frozenset({"body"}),
        "list_comprehension": frozenset({"body"}),
        "generator_expression": frozenset({"body"}),
        "if_clause": _ANY,
    },
    indices=frozenset({("subscript", "subscript"), ("slice", None)}),
    flags=frozenset(
        {
            ("if_statement", "condition"),
            ("elif_clause", "condition"),
            ("while_statement", "condition"),
            ("if_clause", None),
            ("not_operator", "argument"),
        }
    ),
    atoms=frozenset(
        {"identifier", "integer", "float", "call", "subscript", "attribute", "parenthesized_expression", "list"}
        | {"true", "false", "none", "string"}
        | _COMPREHENSIONS
    ),
    leaves=frozenset({"identifier", "integer", "float", "true", "false", "none", "string", "attribute"}),
    loose=frozenset(
        {"argument_list", "parenthesized_expression", "assignment", "augmented_assignment", "return_statement"}
        | {"keyword_argument", "list", "tuple", "subscript", "slice", "if_statement", "elif_clause", "while_statement"}
    ),
    families=(
        ("+", "-", "*", "/", "%"),
        ("//", "/", "%"),
        ("**", "*"),
        ("<", "<=", ">", ">=", "=="),
        ("==", "!="),
        ("+=", "-=", "*="),
        ("/=", "*="),
        ("and", "or"),
        ("&", "|", "^"),
    ),
    divisions=frozenset({"/", "//", "%", "/=", "//=", "%="}),
    integer_calls=frozenset({"range"}),
    annotations=(("ndarray", "array"), ("list", "list"), ("Sequence", "list"), ("int", "number"), ("float", "number")),
    booleans=frozenset({"true", "false"}),
    reflection=frozenset({"eval", "exec", "locals", "vars", "dir", "_getframe", "inspect", "f_locals", "co_varnames"}),
    statement_safe=frozenset({"assignment", "augmented_assignment"}),
    assign="{name} = {value}",
    guard="if {flag}:\n{indent}    {statement}",
    empty="pass",
)
