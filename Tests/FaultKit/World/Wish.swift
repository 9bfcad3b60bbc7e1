import Basics
import DesiredState
import Formats

/// What people want, in the few dimensions in which they change their minds; as the files of one commit.
struct Wish: Sendable {
    var root = "ssot"
    var size = "s-1vcpu-2gb"
    var image = "ubuntu-24-04-x64"
    var ttl = 1800
    var branches: Set<String> = ["main"]
    /// The commits of branches that moved.
    var heads: [String: String] = [:]
    var hasDroplet = true
    var hasNote = false
    var hasFirewall = false
    /// Whether the cluster lets only the machine in.
    var isGuarded = false
    var hasEnvironments = true
    /// The environment at the address `till`.
    var till: String?
    /// Whether pull requests with a label get previews.
    var hasPreviews = false
    /// Whether something is to run by the clock.
    var hasChores = false
    var hasProject = false
    var projectCommand = "turbo build"
    /// A root that holds nothing that can be read.
    var isDamaged = false
    /// What stands under the name `shop`, as a line of the inventory; nil: nothing.
    var shop: String?
    /// How long what nothing wants any more stays.
    var grace = "none"

    static let address = "{type: A, name: shop, data: 203.0.113.8, ttl: 60}"
    static let alias = "{type: CNAME, name: shop, data: shops.example., ttl: 60}"

    var tree: SourceTree {
        let policies = Self.policies + "prune: {grace: \(grace)}\n\n" + (hasPreviews ? Self.previews : "")
        var files = [SourceFile(path: ".odooops/policies.yaml", text: policies)]
        files.append(SourceFile(path: "\(root)/infra/digitalocean/inventory.yaml", text: inventory))
        if hasEnvironments {
            var text = Self.environments + (hasPreviews ? Self.template : "")
            if let till {
                let line = "  \(till): {tier: staging, branch: main, host: web, domain: till.shop.example}\n"
                text = text.replacing("tiers:\n", with: line + "tiers:\n")
            }
            files.append(SourceFile(path: "\(root)/environments.yaml", text: text))
        }
        if hasChores { files.append(SourceFile(path: "\(root)/maintenance/schedules.yaml", text: Self.chores)) }
        if hasProject { files.append(SourceFile(path: "\(root)/vercel/projects.yaml", text: projects)) }
        let names = branches.sorted()
        let commits = names.map { String(Digest(of: heads[$0] ?? $0).hex.prefix(40)) }
        let text = files.map { file in
            guard case .bytes(let bytes) = file.content else { return file.path }
            return file.path + String(decoding: bytes, as: UTF8.self)
        }
        return SourceTree(
            revision: String(Digest(of: text.joined(separator: "\n")).hex.prefix(40)),
            // With the names that git gives to bytes, so that what did not change isn't parsed again.
            files: zip(files, text).map {
                SourceFile(path: $0.path, content: $0.content, objectID: Digest(of: $1).hex)
            },
            branches: .known(
                zip(names, commits).map { Branch(name: $0.0, commit: $0.1, committedAt: nil) }))
    }

    private static let policies = """
        branch_mappings:
          - {pattern: "feature/*", tier: "dev", auto_deploy: true}
        ttl_policies: {dev_ephemeral: 7d, dev_named: 7d, staging: never, production: never}
        limits: {max_deletes: 8}

        """

    private static let previews = """
        github_integration: {update_commit_status: true, comment_on_pr: true, create_deployments: false}
        previews: {allow: [{label: preview}]}

        """

    private static let chores = """
        version: "1.0"
        schema: ssot.maintenance.schedules.v1
        chores:
          - {id: gates, name: Gates, cron: "0 21 * * *", runner: ci, outputs: [x], alert_on_failure: true}
          - {id: vacuum, name: Vacuum, cron: "0 21 * * *", runner: backup, outputs: [x], alert_on_failure: true}

        """

    private static let environments = """
        schema: ssot.environments.v1
        environments:
          production: {tier: production, branch: main, host: web, database_cluster: shop-pg, database: odoo_prod, domain: erp.shop.example}
        tiers:
          dev: {host: web, database_cluster: shop-pg, database: "odoo_{slug_underscored}", domain: "{slug}.shop.example"}

        """

    private static let template = """
          preview: {host: web, database_cluster: shop-pg, database: "odoo_{slug_underscored}", domain: "{slug}.shop.example"}

        """

    private var sources: String { isGuarded ? ", trusted_sources: [\"droplet:web\"]" : "" }

    private var inventory: String {
        guard !isDamaged else { return "droplets: [" }
        var text = "schema: ssot.infra.digitalocean.inventory.v1\n"
        if hasDroplet {
            text += "droplets:\n  - {name: web, region: sgp1, size: \(size), image: \(image), tags: [project:shop]}\n"
        }
        text += """
            databases:
              - {name: shop-pg, engine: pg, version: "16", region: sgp1, size: db-s-1vcpu-1gb, num_nodes: 1\(sources)}
            domains:
              - name: shop.example
                records:
                  - {type: A, name: "@", data: 203.0.113.7, ttl: \(ttl)}

            """
        if hasNote {
            text =
                String(text.dropLast())
                + "\n" + "      - {type: TXT, name: note, data: hello, ttl: 60}\n"
        }
        if let shop { text = String(text.dropLast()) + "\n      - \(shop)\n" }
        if hasFirewall {
            text += """
                firewalls:
                  - name: edge
                    droplets: [web]
                    inbound_rules:
                      - {protocol: tcp, ports: "443", addresses: ["0.0.0.0/0", "::/0"]}

                """
        }
        return text
    }

    private var projects: String {
        """
        schema: ssot.vercel.projects.v1
        projects:
          - name: console
            root_directory: apps/console
            framework: nextjs
            build: {command: "\(projectCommand)"}

        """
    }
}

/// With what an installation begins.
struct Setup: Sendable {
    var wish = Wish()
    var settings = Installation.Settings()
    /// What the accounts hold from the start, by provider.
    var accounts: [String: Value] = [:]
}
