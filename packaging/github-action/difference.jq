# What differs between the plan of a head commit and what was left of the plan of its base after that was applied.
#
# $base and $head are the two plans, each in a list; $from, $tip and $to the commit that they have in common, the base
# branch's and the head; $readable the exit status of the base's plan and $fault what it said.

# A reason may name an instant, and the values of a reference are the simulator's own.
def fate: {action, decision, hold, attributes: [.attributes[] | {path, before, after, reference}]};
def kind: .key | split("/")[0];
def value: if . == null then "none" else tojson end;

def lines:
  "  \({create: "+", update: "~", replace: "-/+", delete: "-", adopt: "=", forget: "x", read: "?"}[.action] // " ") "
    + "\(if .action == "read" then "unknown" else .action end) \(.key)"
    + (if .source then "   \(.source.file):\(.source.line)" else "" end),
  (.attributes[]
    | "      \(.path): "
      + (if .sensitive then "(not shown)"
         elif .reference then "that of \(.reference)"
         elif .before == null then .after | value
         else "\(.before | value) → \(.after | value)" end)
      + (if .requires_replacement then "  (forces replacement)" else "" end)),
  "      \(.reason)",
  (.monthly_usd | select(. != null and .before != .after) | "      $\(.before // "0") → $\(.after // "0") a month"),
  (select(.decision != "allowed")
    | "      ! \({needs_approval: "needs approval"}[.decision] // .decision)"
      + (if .decision_reason then ": \(.decision_reason)" else "" end)),
  "";

def counted:
  group_by(.action)
  | map("\(length) \(.[0].action | if . == "read" then "unknown" else . end)"
      + ([(map(select(.decision == "needs_approval")) | length | select(. > 0) | "\(.) needs approval"),
          (map(select(.action != "read" and (.decision == "blocked" or .decision == "denied"))) | length | select(. > 0)
            | "\(.) held")]
         | if . == [] then "" else " (\(join(", ")))" end))
  | join(" · ");

($base[0].changes // []) as $left
| ($left | map({key, value: fate}) | from_entries) as $before
| ($head[0].changes | map(.key)) as $keys
| ($head[0].changes | map(select(fate != $before[.key]))) as $changes
| ($base[0].environments // [] | map({key: .slug, value: .phase}) | from_entries) as $lived
| ($head[0].environments // [] | map({key: .slug, value: .phase}) | from_entries) as $lives
| ($base[0].diagnostics // [] | map({code, message, file})) as $said
| {
    from: $from, tip: $tip, to: $to,
    base_fault: (if $readable == 0 then null else $fault end),
    changes: $changes,
    # What the base could not get made can't go either, in this world.
    gone: ($left | map(select(.key as $key | $keys | index($key) | not)) | map(.key)),
    not_compared: ($left | map(select(.key as $key | $keys | index($key))) | map(select(.key as $key
        | $changes | any(.key == $key) | not)) | group_by(kind)
      | map({kind: .[0] | kind, count: length, why: (map(.decision_reason // "the rehearsal could not do it: \(.reason)") | unique)})),
    base_errors: ($base[0].diagnostics // [] | map(select(.severity == "error"))),
    # How a project of Supabase fares is the simulator's doing.
    diagnostics: ($head[0].diagnostics // []
      | map(select(({code, message, file} | IN($said[]) | not) and (.code | IN("PLAN-0020", "PLAN-0021", "PLAN-0022") | not)))),
    environments: ([($lived + $lives) | keys[] | {slug: ., before: $lived[.], after: $lives[.]}]
      | map(select(.before != .after))),
    summary: ($changes | map(if .action == "read" then "unknown" elif .decision == "allowed" then .action else "blocked" end)
      | reduce .[] as $one (($head[0].summary | map_values(0)) + {noop: $head[0].summary.noop}; .[$one] += 1))
  }
| .counted = (.changes | counted)
| .text = ([(.changes[] | lines),
    (.gone[] | "  ! \(.): the base wants it, and could not have it in the rehearsal; the head's plan does not name it"),
    (.environments[] | "  environment \(.slug): \(.before // "none") → \(.after // "none")"),
    (.diagnostics[]
      | "  \(if .file then "\(.file):\(.line): " else "" end)\(.severity)[\(.code)]: \(.message)",
        (.hint | select(.) | "      \(.)"))] | join("\n"))
