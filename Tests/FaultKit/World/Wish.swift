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
    var hasProject = false
    var projectCommand = "turbo build"
    /// A root that holds nothing that can be read.
    var isDamaged = false

    var tree: SourceTree {
        var files = [SourceFile(path: ".odooops/policies.yaml", text: Self.policies)]
        files.append(SourceFile(path: "\(root)/infra/digitalocean/inventory.yaml", text: inventory))
        if hasEnvironments { files.append(SourceFile(path: "\(root)/environments.yaml", text: Self.environments)) }
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

    private static let environments = """
        schema: ssot.environments.v1
        environments:
          production: {tier: production, branch: main, host: web, database_cluster: shop-pg, database: odoo_prod, domain: erp.shop.example}
        tiers:
          dev: {host: web, database_cluster: shop-pg, database: "odoo_{slug_underscored}", domain: "{slug}.shop.example"}

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
