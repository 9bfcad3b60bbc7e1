import Basics
import DesiredState
import Testing

/// What documents beside the desired state say of branches, held against it and against each other.
@Suite struct BranchMapTests {
    /// One document of each form; the maps are those that a real repository has at the same time.
    private static let documents: [String: String] = [
        "docs/portfolio/specs/odooops-platform/prd.md": """
        # Platform

        Set it in a file:
          ```yaml
          branch_mappings:
            - pattern: "develop"
              tier: "dev"
            - pattern: "release/*"
              tier: "staging"
            - pattern: "main"
              tier: "production"
          ```
        """,
        "docs/ops/ODOO_SH_EQUIVALENT.md": """
        Stages follow each other (dev → stage → prod).

        | Event                 | Target Environment | How  |
        | :-------------------- | :----------------- | :--- |
        | **Pull Request**      | Preflight Gate     | lint |
        | **Merge to main**     | Staging            | tags |
        | **Release Tag (v\\*)** | Production         | ask  |

        | Git event | GitHub Environment | Vercel tier |
        |-----------|--------------------|-------------|
        | Pull request | `preview` | Preview |
        | Push to `main` | `staging` | Staging |
        | Tag `v*` / `workflow_dispatch` | `production` | Production |
        """,
        "docs/architecture/ODOO_SH_EQUIVALENT.md": """
        - `main` → prod
        - `staging` → stage
        - `dev/*` → dev
        """,
        "docs/odooops-sh/CICD.md": "| Branch | Environment |\n|---|---|\n| main | staging |\n| release/* | prod |\n",
        "infra/vercel/projects/console.json": "{\"name\": \"console\", \"productionBranch\": \"main\"}\n",
        "supabase/migrations/20260223055300_create_ops_schema.sql": """
        create table ops.environments (id uuid);
        INSERT INTO ops.environments (slug, type, url, branch)
        VALUES ('prod', 'production', null, 'main'),
               ('stage', 'staging', concat('a', 'b'), 'develop'),
               ('dev', 'development', 'it''s', 'feat/ops-console')
        ON CONFLICT (slug) DO NOTHING;
        """,
        ".github/workflows/deploy-staging.yml": """
        on:
          push:
            branches: [main, develop]
        jobs:
          go: {runs-on: x}
        """,
        ".github/workflows/deploy-console.yml": """
        on:
          pull_request:
          push:
            branches: [main]
            tags: ["v*"]
        jobs:
          preview:
            if: github.event_name == 'pull_request'
            environment: preview
          staging:
            if: github.ref == 'refs/heads/main'
            environment: {name: staging, url: x}
          production:
            if: startsWith(github.ref, 'refs/tags/v')
            environment: production
          other:
            environment: ${{ inputs.where }}
        """,
        "ssot/maintenance/convergence.yaml":
            "environments: {prod: {deploy_target: main}, stage: {deploy_target: staging}}\n",
    ]

    private static func found(_ names: [String], _ others: [String: String] = [:]) -> [String] {
        var files = documents.filter { names.contains($0.key) }
        files.merge(others) { _, other in other }
        return read(files, branches: branches("main", "staging")).diagnostics.filter { $0.code == "SSOT-0032" }.map {
            "\($0.mark?.description ?? "") \($0.message.prefix { $0 != "," }) / "
                + $0.notes.compactMap { $0.mark.map { "\($0.file.split(separator: "/").last ?? ""):\($0.line)" } }
                .joined(separator: " ")
        }
    }

    /// Each form is read at its lines; all against what convergence says.
    @Test(arguments: [
        (
            "docs/ops/ODOO_SH_EQUIVALENT.md",
            [
                "6:1 the branch \"main\" goes to staging here / convergence.yaml:1",
                "7:1 the tag \"v*\" goes to production here / convergence.yaml:1",
            ]
        ),
        (
            "docs/portfolio/specs/odooops-platform/prd.md",
            [
                "8:16 the branch \"release/*\" goes to staging here / convergence.yaml:1"
            ]
        ),
        ("docs/architecture/ODOO_SH_EQUIVALENT.md", []),
        (
            "docs/odooops-sh/CICD.md",
            [
                "3:1 the branch \"main\" goes to staging here / convergence.yaml:1",
                "4:1 the branch \"release/*\" goes to production here / convergence.yaml:1",
            ]
        ),
        ("infra/vercel/projects/console.json", []),
        (
            "supabase/migrations/20260223055300_create_ops_schema.sql",
            [
                "4:1 the branch \"develop\" goes to staging here / convergence.yaml:1"
            ]
        ),
        (
            ".github/workflows/deploy-staging.yml",
            [
                "3:16 the branch \"main\" goes to staging here / convergence.yaml:1",
                "3:22 the branch \"develop\" goes to staging here / convergence.yaml:1",
            ]
        ),
        (
            ".github/workflows/deploy-console.yml",
            [
                "12:25 the branch \"main\" goes to staging here / convergence.yaml:1",
                "15:18 the tag \"v*\" goes to production here / convergence.yaml:1",
            ]
        ),
    ]) func eachFormIsComparedWithTheDesiredState(_ file: String, _ expected: [String]) {
        #expect(
            Self.found([file, "ssot/maintenance/convergence.yaml"]) == expected.map { "\(file):\($0)" })
        // A page written on Windows says the same.
        guard file.hasSuffix(".md"), let text = Self.documents[file] else { return }
        let windows = [file: text.replacing("\n", with: "\r\n")]
        #expect(
            Self.found(["ssot/maintenance/convergence.yaml"], windows) == expected.map { "\(file):\($0)" })
    }

    @Test func allSevenContradictAndEachNamesTheOthers() {
        let found = Self.found(Array(Self.documents.keys))
        // Whoever says what another one denies: six documents against those before them; the first two agree.
        #expect(
            Set(found.compactMap { $0.split(separator: ":").first.map { String($0) } }) == [
                ".github/workflows/deploy-console.yml", ".github/workflows/deploy-staging.yml",
                "docs/odooops-sh/CICD.md", "docs/ops/ODOO_SH_EQUIVALENT.md",
                "docs/portfolio/specs/odooops-platform/prd.md", "docs/architecture/ODOO_SH_EQUIVALENT.md",
                "supabase/migrations/20260223055300_create_ops_schema.sql",
            ])
        #expect(found.allSatisfy { $0.contains(" / ") && !$0.hasSuffix("/ ") })
        #expect(found.contains { $0.contains("CICD.md:3:1") && $0.contains("console.json:1") })
    }

    @Test func vercelMayContradictTheDesiredState() {
        let other = [
            ".odooops/policies.yaml":
                "branch_mappings: [{pattern: release, tier: production}, {pattern: main, tier: staging}]"
        ]
        #expect(
            Self.found(["infra/vercel/projects/console.json"], other) == [
                "infra/vercel/projects/console.json:1:41 the branch \"main\" goes to production here / policies.yaml:1"
            ])
    }

    /// What can't be told is not guessed: conditions, jobs without an environment, names that are put together.
    @Test(arguments: [
        "on: {push: {branches: [main]}}\njobs: {a: {environment: production, if: x}, b: {environment: staging}}\n",
        "on: {push: {branches: [main]}}\njobs: {a: {environment: \"${{ x }}\"}}\n",
        "on: [push]\njobs: {a: {environment: staging}}\n",
        "on: {push: {branches-ignore: [main]}}\njobs: {a: {environment: staging}}\n", "jobs: [\n", "a: b\n", "",
    ]) func aWorkflowThatDoesNotSayIsLeftAlone(_ text: String) {
        #expect(Self.found(["ssot/maintenance/convergence.yaml"], [".github/workflows/deploy.yml": text]) == [])
    }
}
