extension Paths {
    static let console = "ssot/vercel/projects/console.json"
    static let supabase = "ssot/supabase/project.yaml"
    static let board = "ssot/github/projects/a.yaml"
}

extension FaultCase {
    /// Documents of single projects, in the provider's own words.
    static let documents: [FaultCase] = [
        FaultCase(
            "a project with an empty id", Paths.console,
            #"{"name": "a", "projectId": "", "expectedDomains": ["a.example.com"]}"#, ["error SSOT-0200 1:28"],
            ["resource vercel.domain/a/a.example.com", "resource vercel.project/a"]),
        FaultCase(
            "a project whose document is broken", Paths.console, #"{"name": "a",}"#, ["error FMT-0101 1:14"],
            vercelKinds),
        FaultCase(
            "a name twice", Paths.console, #"{"name": "a", "framework": "x", "framework": "y"}"#,
            ["error FMT-0103 1:33"], vercelKinds),
        FaultCase(
            "a setting of the wrong type", Paths.console,
            "{\n  \"name\": \"a\",\n  \"framework\": [],\n  \"_note\": 1\n}",
            ["error SSOT-0004 3:16"], ["resource vercel.project/a"]),
        FaultCase(
            "a misspelt setting", Paths.console, #"{"name": "a", "framewrok": "x"}"#, ["warning SSOT-0006 1:15"],
            ["resource vercel.project/a"]),
        FaultCase(
            "a project without a name in a document", Paths.console, #"{"framework": "x"}"#, ["error SSOT-0005 1:1"],
            ["kind vercel.project"]),
        FaultCase(
            "a domain that is none", Paths.console, #"{"name": "a", "expectedDomains": ["https://a.example.com"]}"#,
            ["error SSOT-0011 1:35"], ["resource vercel.project/a"]),
        FaultCase(
            "two documents that disagree on one project", Paths.console,
            #"{"name": "a", "rootDirectory": "apps/b", "buildCommand": null, "framework": "x"}"#,
            ["warning SSOT-0201 1:32", "warning SSOT-0201 1:58"], [],
            others: [
                Paths.vercel:
                    "projects: [{name: a, root_directory: apps/a, framework: x, build: {command: make}}]\n"
            ]),
        FaultCase(
            "two documents of one project", Paths.console, #"{"name": "a"}"#, ["error SSOT-0010 1:1"],
            ["resource vercel.project/a"], others: ["ssot/vercel/projects/b.json": #"{"name": "a"}"#]),
        FaultCase(
            "a document under two roots", "infra/vercel/projects/console.json", #"{"name": "a"}"#,
            ["note SSOT-0009 1:1"], [], others: [Paths.console: #"{"name": "b"}"#]),
        FaultCase(
            "a variable with its value", Paths.vercel,
            "projects: [{name: a, variables: [{key: K, targets: [production], value_from: v-a-l-u-e}]}]\n",
            ["error SSOT-0004 1:78"], ["resource vercel.project/a"]),
        FaultCase(
            "a variable of a wrong target", Paths.vercel,
            "projects: [{name: a, variables: [{key: K, targets: [prodution]}]}]\n", ["error SSOT-0008 1:53"],
            ["resource vercel.project/a"]),
        FaultCase(
            "a branch of production", Paths.vercel,
            "projects: [{name: a, variables: [{key: K, targets: [production], git_branch: b}]}]\n",
            ["error SSOT-0008 1:78"], ["resource vercel.project/a"]),
        FaultCase(
            "a prohibited name at Vercel", Paths.vercel,
            "projects: [{name: a, domains: [a.vercel.app]}]\n", ["warning SSOT-0130 1:32"], [],
            others: ["ssot/domains/a.yaml": "apex: example.com\nprohibited_domains: [\"*.vercel.app\"]\n"]),
        FaultCase(
            "another name than that of the project", "ssot/integrations/vercel_hosting.yaml",
            "known_apps: [{path: apps/a/, vercel_project: b}, {vercel_project: cc}]\n",
            ["warning SSOT-0201 1:46", "warning SSOT-0031 1:67"], [],
            others: [Paths.vercel: "projects: [{name: a, root_directory: apps/a}]\n"]),
        FaultCase(
            "a variable of no project", Paths.convergence,
            "environments: {prod: {deploy_target: main, required: {vercel_env: [K]}}}\n", ["note SSOT-0206 1:68"], [],
            others: [Paths.vercel: "projects: [{name: a}, {name: b}]\n"]),
    ]

    static let supabase: [FaultCase] = [
        FaultCase(
            "an active integration without its secret", Paths.index,
            "integrations: [{id: a, file: ssot/integrations/a.yaml, status: active}]\n", ["warning SSOT-0204 1:21"], [],
            others: [
                "ssot/integrations/a.yaml": "required_secrets: [k]\n",
                "ssot/runtime/vault_provisioning.yaml": "vault: {k: {provisioned: false}}\n",
            ]),
        FaultCase(
            "a Supabase project without its reference", Paths.supabase, "secrets: [{name: K}]\n",
            ["error SSOT-0005 1:1"], ["kind supabase.branch", "kind supabase.function", "kind supabase.secret"]),
        FaultCase(
            "an empty reference", Paths.supabase, "project_ref: \"\"\nsecrets: [{name: K}]\n", ["error SSOT-0200 1:14"],
            ["kind supabase.secret"]),
        FaultCase(
            "a secret with its value", Paths.supabase, "project_ref: r\nsecrets: [{name: K, value_from: v-a-l-u-e}]\n",
            ["error SSOT-0004 2:33"], ["resource supabase.secret/r/K"]),
        FaultCase(
            "a name of Supabase's own", Paths.supabase, "project_ref: r\nsecrets: [{name: SUPABASE_URL}]\n",
            ["error SSOT-0011 2:18"], ["kind supabase.secret"]),
        FaultCase(
            "a digest that is none", Paths.supabase, "project_ref: r\nfunctions: [{slug: f, ezbr_sha256: abc}]\n",
            ["error SSOT-0004 2:36"], ["resource supabase.function/f"]),
        FaultCase(
            "branches although branching is not adopted", Paths.supabase,
            "project_ref: r\nbranches: [{name: b, git_branch: b}]\n", ["warning SSOT-0204 2:12"], [],
            others: ["ssot/supabase/feature_adoption.yaml": "features: [{id: branching, adoption: evaluate}]\n"]),
        FaultCase(
            "a misspelt list", Paths.supabase, "project_ref: r\nbranchs: [{name: b}]\n", ["warning SSOT-0006 2:1"],
            ["kind supabase.branch"]),
        FaultCase(
            "owners of code that nobody is, and that never count", Paths.protection,
            "repo: o/r\nbranches: {}\ncodeowners: [{pattern: a/b, owners: [\"@x\"]}, {pattern: a/, owners: [\"@y\"]}, {pattern: c, owners: [z]}]\n",
            ["warning SSOT-0204 3:14", "error SSOT-0011 3:99"], []),
        FaultCase(
            "a file of owners that says otherwise", Paths.protection,
            "repo: o/r\nbranches: {}\ncodeowners: [{pattern: a/, owners: [\"@x\"]}, {pattern: b/, owners: [\"@y\"]}]\n",
            ["warning SSOT-0201 3:1", "warning SSOT-0201 3:14", "warning SSOT-0201 3:45"], [],
            others: [".github/CODEOWNERS": "# made\na/ @y # x\nc/ @z\n"]),
        FaultCase(
            "a file of owners in another order", Paths.protection,
            "repo: o/r\nbranches: {}\ncodeowners: [{pattern: a/, owners: [\"@x\"]}, {pattern: b/, owners: [\"@y\"]}]\n",
            ["warning SSOT-0201 1:1"], [], others: ["CODEOWNERS": "b/ @y\na/ @x\n"]),
        FaultCase(
            "a board that nobody made", Paths.board,
            "org: o\ntemplate_ref: ssot/github/projects/templates/t.yaml\nprojection: {project_slug: s, project_number: null, repo_scope: [r]}\n",
            ["warning SSOT-0200 3:47"], ["resource github.label/o/r/l", "resource github.project/o/s"],
            others: ["ssot/github/projects/templates/t.yaml": "labels: [l]\nproject: {slug: s}\n"]),
        FaultCase(
            "a board with labels and nowhere to have them", Paths.board,
            "org: o\nlabels: [mine]\nprojection: {project_slug: s, project_number: 4}\n", ["warning SSOT-0005 2:10"], []
        ),
        FaultCase(
            "a board that nobody made, whose label a repository wants too", Paths.board,
            "org: o\nlabels: [l, m]\nprojection: {project_slug: s, project_number: null, repo_scope: [r]}\n",
            ["warning SSOT-0200 3:47"], ["resource github.label/o/r/m", "resource github.project/o/s"],
            others: ["ssot/github/org_repos.yaml": "org: o\nrepos: [{name: r, labels: [l]}]\n"]),
        FaultCase(
            "a board with the template of another", Paths.board,
            "org: o\ntemplate_ref: ssot/github/projects/templates/t.yaml\nprojection: {project_slug: s, project_number: 4, repo_scope: [r]}\n",
            ["warning SSOT-0201 3:28"], [],
            others: ["ssot/github/projects/templates/t.yaml": "labels: [l]\nproject: {slug: u}\n"]),
    ]
}
