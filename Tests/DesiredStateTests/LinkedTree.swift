import DesiredState

/// Documents of the domains that keep what they read, which refer to each other in every way.
enum LinkedTree {
    static var tree: SourceTree {
        SourceTree(
            revision: "r", files: texts.map { SourceFile(path: "ssot/\($0.key)", text: $0.value + "\n").identified },
            branches: branches("main", "feature/x"))
    }

    private static var texts: [String: String] {
        var texts = books
        for number in 1...4 {
            texts["integrations/tool_\(number).yaml"] = """
                id: tool_\(number)
                display_name: Tool \(number)
                status: \(number == 1 ? "active" : "planned")
                category: mail
                required_secrets: [key_\(number)]
                allowed_egress: [api.example.com]
                see: ssot/advisor/workbooks/book_\(number % 3 + 1).yaml
                """
        }
        for number in 1...3 {
            texts["advisor/rulepacks/pack_\(number).yaml"] = """
                id: pack_\(number)
                pillar: reliability
                thresholds: {disk_warn_pct: \(number * 40)}
                monitored_droplets: [one, two_\(number)]
                rules:
                  - id: rule_\(number)
                    severity: high
                    title: One
                    check: GET /v2/droplets answers
                    evidence_fields: [a]
                    remediation_workbook: book_\(number)
                  - id: rule_of_\(number % 2)
                    severity: low
                    title: Two
                    check: somebody looks
                    remediation_workbook: book_\(number + 2)
                """
            texts["advisor/rubrics/scale_\(number).yaml"] = """
                id: scale_\(number)
                pillar: reliability
                dimensions: [{id: a, title: A, max_score: 5}, {id: b, title: B, max_score: \(number)}]
                scoring: {min: 0, max: 6, maturity_bands: [{label: low, range: [0, 6]}]}
                """
            texts["advisor/workbooks/book_\(number).yaml"] = """
                id: book_\(number)
                pillar: reliability
                steps: [{step_no: 1, evidence_required: true}, {step_no: \(number + 1)}]
                secret_ref: key_\(number + 2)
                """
        }
        return texts
    }

    /// Those that others are held against.
    private static let books = [
        "integrations/_index.yaml": """
        integrations:
          - {id: tool_1, file: ssot/integrations/tool_1.yaml, status: active, category: mail}
          - {id: tool_2, file: ssot/integrations/tool_2.yaml, status: active, vendor: Example}
          - {id: tool_3, file: integrations/tool_3.yaml, status: planned, install_state: ssot/integrations/tool_4.yaml}
          - {id: tool_3, file: ssot/integrations/tool_9.yaml, status: planned}
        """,
        "runtime/vault_provisioning.yaml": """
        vault:
          KEY_1: {provisioned: false, secret_registry_id: key_1}
          KEY_2: {provisioned: true, secret_registry_id: key_2}
        """,
        "infra/digitalocean/monitoring.yaml": """
        alert_policies:
          one:
            droplet_name: one
            disk_utilization:
              warn: {threshold_pct: 80, duration_min: 5}
              crit: {threshold_pct: 90, duration_min: 5}
        """,
        "infra/digitalocean/inventory.yaml": """
        droplets:
          - {name: one, region: sgp1, size: s-1vcpu-1gb, image: ubuntu-24-04-x64}
        """,
        "secrets/registry.yaml": """
        secrets:
          key_1:
            approved_stores: [vercel_env, os_keychain]
            vercel_env_name: KEY_1
            consumers: ["vercel:console", "vercel_env:KEY_1"]
          key_2:
            approved_stores: [github_actions, supabase_vault]
            vault_secret_name: KEY_2
            consumers: ["supabase_vault:supabase/functions/a/index.ts"]
          key_4:
            approved_stores: [supabase_vault]
            vault_secret_name: KEY_4
            consumers: ["supabase_vault:supabase/functions/a/index.ts"]
        v2_entries:
          key_2:
            storage: [{kind: github_actions, name: KEY_2}]
            consumers: [{kind: vercel_env, name: KEY_2, project: console}]
          key_3:
            storage: [{kind: vercel_env, name: KEY_1}]
            consumers: [{kind: vercel_env, name: KEY_1, project: console}]
            status: {desired: present}
        """,
        "secrets/inventory.yaml": """
        inventory:
          key_1: {environments: [production], status: {value: stale}, storage_verified: {vercel_env: false}}
          key_2: {environments: [staging, production], rotation: {rotate_now: true}}
          key_3: {environments: [production]}
        """,
        "vercel/projects/console.json": #"{"name": "console", "framework": "nextjs"}"#,
        "supabase/project.yaml": "project_ref: abcdefghijklmnopqrst",
        "odoo/oca_repos.yaml": """
        repos:
          - {name: web, source: OCA/web, status: ok, modules: 2}
          - {name: crm, source: OCA/crm, status: broken}
        """,
        "oca/must_have_base.yaml": """
        modules:
          - {technical_name: web_one, repo: web}
          - {technical_name: crm_one, repo: crm}
          - {technical_name: web_one, repo: crm}
        """,
        "environments.yaml": "environments: {lab: {tier: dev}}",
    ]
}
