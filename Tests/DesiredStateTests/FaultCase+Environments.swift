extension FaultCase {
    private static let inventoryText = """
        droplets:
          - {name: odoo-live, region: sgp1, image: u, size: s}
          - {name: odoo-lab, region: sgp1, image: u}
        databases:
          - {name: live-pg, engine: pg, version: 16, region: sgp1, size: s, num_nodes: 1}
        domains:
          - {name: example.com}
        """

    private static func environments(
        _ name: String, _ text: String, _ faults: [String], _ scopes: [String], others: [String: String] = [:]
    ) -> FaultCase {
        FaultCase(
            name, Paths.environments, text, faults, scopes,
            others: [Paths.policies: "branch_mappings: [{pattern: \"feature/*\", tier: dev}]\n"].merging(others) { $1 })
    }

    private static func hosted(_ name: String, _ text: String, _ faults: [String], _ scopes: [String]) -> FaultCase {
        environments(
            name, text, faults + ["error SSOT-0005 3:5"],
            (scopes + ["resource digitalocean.droplet/odoo-lab"]).sorted(),
            others: [Paths.inventory: inventoryText])
    }

    /// One environment with what an engine or a server is to hold.
    private static func runtime(
        _ name: String, _ wish: String, _ faults: [String], _ scopes: [String],
        head: String = "runtimes: {docker: lab-engine, postgres: lab-pg}\n"
    ) -> FaultCase {
        environments(name, "\(head)environments:\n  lab: {tier: dev, \(wish)}\n", faults, scopes)
    }

    private static func container(
        _ name: String, _ wish: String, _ faults: [String], _ scopes: [String] = ["resource docker.container/odoo"]
    ) -> FaultCase {
        runtime(name, "engine: lab-engine, containers: [{\(wish)}]", faults, scopes)
    }

    static let runtimes: [FaultCase] = [
        runtime(
            "an engine to which nobody is connected", "engine: live-engine, networks: [erp]",
            ["error SSOT-0031 3:28"], ["environment lab", "resource docker.network/erp"]),
        runtime(
            "an engine without runtimes", "engine: lab-engine, networks: [erp]", ["error SSOT-0031 2:28"],
            ["environment lab", "resource docker.network/erp"], head: ""),
        runtime(
            "runtimes that can't be told", "engine: lab-engine, networks: [erp]", ["error SSOT-0004 1:20"],
            ["environment lab", "kind docker.image", "resource docker.network/erp"],
            head: "runtimes: {docker: [lab-engine]}\n"),
        runtime(
            "images without an engine", "branch: main", ["error SSOT-0005 1:21"], ["kind docker.image"],
            head: "runtimes: {images: [odoo]}\n"),
        runtime(
            "images that are no list", "branch: main", ["error SSOT-0004 1:33"], ["kind docker.image"],
            head: "runtimes: {docker: lab, images: odoo}\n"),
        runtime(
            "an image twice", "branch: main", ["error SSOT-0010 1:45"], ["resource docker.image/odoo:19.0"],
            head: "runtimes: {docker: lab, images: [odoo:19.0, odoo:19.0]}\n"),
        runtime(
            "runtimes misspelt", "database_server: lab-pg", ["warning SSOT-0006 1:12"],
            ["environment lab", "kind docker.image"],
            head: "runtimes: {posgres: lab-pg}\n"),
        runtime(
            "containers without engine", "volumes: [erp-data]", ["error SSOT-0005 3:3"],
            ["environment lab", "resource docker.volume/erp-data"]),
        container("a container without image", "name: odoo", ["error SSOT-0005 3:53"]),
        container(
            "a container without name", "image: odoo", ["error SSOT-0005 3:53"], ["kind docker.container"]),
        container("a port that is none", "name: odoo, image: u, ports: [8069, 80690]", ["error SSOT-0014 3:90"]),
        container("a mount that is none", "name: odoo, image: u, mounts: [data]", ["error SSOT-0008 3:85"]),
        container("a restart policy that is none", "name: odoo, image: u, restart: allways", ["error SSOT-0008 3:85"]),
        container("processors that are none", "name: odoo, image: u, cpus: \"1.0005\"", ["error SSOT-0014 3:82"]),
        container("a label of ours", "name: odoo, image: u, labels: {odooops.managed: no}", ["error SSOT-0011 3:84"]),
        container("variables as a text", "name: odoo, image: u, env: A=b", ["error SSOT-0004 3:81"]),
        container(
            "a variable that is a secret", "name: odoo, image: u, env: {DB_PASSWORD: x, DB_PASSWORD_FILE: /run/x}",
            ["error SSOT-0300 3:95"]),
        container(
            "a misspelt key", "name: odoo, image: u, port: [80]", ["warning SSOT-0006 3:76"]),
        container(
            "a name that no engine takes", "name: odoo/web, image: u", ["error SSOT-0011 3:60"],
            ["kind docker.container"]),
        runtime(
            "a network twice", "engine: lab-engine, networks: [erp, {name: erp, subnet: 10.7.0.0/24}]",
            ["error SSOT-0010 3:56"], ["resource docker.network/erp"]),
        runtime(
            "a subnet that is none", "engine: lab-engine, networks: [{name: erp, subnet: here}]",
            ["error SSOT-0052 3:71"], ["resource docker.network/erp"]),
        runtime(
            "a server and a cluster", "database_server: lab-pg, database_cluster: live-pg, database: erp",
            ["error SSOT-0010 3:37"],
            [
                "environment lab", "resource digitalocean.database/live-pg/erp",
                "resource digitalocean.database_user/live-pg/erp", "resource postgres.database/erp",
                "resource postgres.role/erp",
            ]),
        runtime(
            "a database that is the server's own", "database_server: lab-pg, database: postgres",
            ["error SSOT-0011 3:55"],
            ["environment lab", "resource postgres.database/postgres", "resource postgres.role/postgres"]),
        runtime(
            "a password that is pasted", "database_server: lab-pg, database: erp, database_password: hunter2-hunter2",
            ["error SSOT-0004 3:79"],
            ["environment lab", "resource postgres.database/erp", "resource postgres.role/erp"]),
        environments(
            "a template of containers with a placeholder that is none",
            "environments: {}\ntiers:\n  dev: {engine: e, containers: [{name: \"odoo-{slog}\", image: u}]}\n",
            ["error SSOT-0036 3:40"], ["environment feature-a"]),
    ]

    static let environments: [FaultCase] = [
        environments("no tier", "environments:\n  lab: {branch: main}\n", ["error SSOT-0005 2:8"], ["environment lab"]),
        environments(
            "an unknown tier", "environments:\n  lab: {tier: qa}\n", ["error SSOT-0022 2:15"], ["environment lab"]),
        environments(
            "a name with capitals", "environments:\n  Lab_1: {tier: dev}\n", ["error SSOT-0011 2:3"],
            ["environments", "environment Lab_1"]),
        environments(
            "a broken entry with a database", "environments:\n  lab: {tier: qa, database_cluster: pg, database: erp}\n",
            ["error SSOT-0022 2:15"],
            [
                "environment lab", "resource digitalocean.database/pg/erp",
                "resource digitalocean.database_user/pg/erp",
            ]),
        environments(
            "a broken entry with volumes on a server of its own",
            "environments:\n  lab: {tier: qa, database_server: s, database: erp, database_user: u, volumes: [data]}\n",
            ["error SSOT-0022 2:15"],
            [
                "environment lab", "resource docker.volume/data", "resource postgres.database/erp",
                "resource postgres.role/u",
            ]),
        environments(
            "a database that is none", "environments:\n  lab: {tier: dev, database_cluster: pg, database: [erp]}\n",
            ["error SSOT-0004 2:52"],
            [
                "environment lab", "kind digitalocean.database", "kind digitalocean.database_user",
                "kind postgres.database", "kind postgres.role",
            ]),
        environments(
            "branch and tag", "environments:\n  lab: {tier: dev, branch: main, tag: v1}\n", ["error SSOT-0039 2:39"],
            ["environment lab"]),
        environments(
            "one name twice", "environments:\n  lab: {tier: dev}\n  lab: {tier: dev}\n", ["error FMT-0003 3:3"],
            ["environments", "environment lab"]),
        environments(
            "a key twice, as after a lost name",
            """
            environments:
              lab:
                tier: dev
                tier: production
            """, ["error FMT-0003 4:5"], ["environments", "environment lab"]),
        environments(
            "a name that says another tier", "environments:\n  staging: {tier: dev}\n", ["warning SSOT-0033 2:19"], []),
        environments(
            "a branch that does not exist", "environments:\n  lab: {tier: dev, branch: mian}\n",
            ["warning SSOT-0034 2:28"], []),
        environments(
            "no cron", "environments:\n  lab: {tier: dev, backup_schedule: daily}\n", ["error SSOT-0040 2:37"],
            ["environment lab"]),
        environments(
            "environments as a list", "environments: []\n", ["error SSOT-0004 1:15"],
            ["environments", "kind docker.image"]),
        environments(
            "a misspelt section", "environment: {}\n", ["error SSOT-0005 1:1", "warning SSOT-0006 1:1"],
            ["environments", "kind docker.image"]),
        environments(
            "a misspelt template", "environments: {}\ntiers: {dev: {hosts: x}}\n", ["warning SSOT-0006 2:15"],
            ["environment feature-a"]),
        environments(
            "an unknown placeholder", "environments: {}\ntiers: {dev: {database: \"odoo_{name}\"}}\n",
            ["error SSOT-0036 2:25"], ["environment feature-a"]),
        hosted(
            "a host that is not there", "environments:\n  live: {tier: production, host: odoo-life}\n",
            ["error SSOT-0031 2:34"], ["environment live"]),
        hosted(
            "a host whose entry is unknown",
            "environments:\n  lab: {tier: dev, host: odoo-lab, domain: lab.example.com}\n", [],
            ["environment lab", "resource digitalocean.record/example.com/A/lab"]),
        hosted(
            "a cluster that is not there",
            "environments:\n  live: {tier: production, database_cluster: live-db, database: odoo}\n",
            ["error SSOT-0031 2:46"],
            [
                "environment live", "resource digitalocean.database/live-db/odoo",
                "resource digitalocean.database_user/live-db/odoo",
            ]),
        hosted(
            "a domain that is not there",
            "environments:\n  live: {tier: production, host: odoo-live, domain: erp.exampel.com}\n",
            ["error SSOT-0031 2:53"], ["environment live"]),
        hosted(
            "a template with a wrong host", "environments: {}\ntiers: {dev: {host: \"host-{slug}\"}}\n",
            ["error SSOT-0031 2:21"], ["environment feature-a"]),
        hosted(
            "one database for two",
            """
            environments:
              lab: {tier: dev, database_cluster: live-pg, database: odoo}
              live: {tier: dev, database_cluster: live-pg, database: odoo}
            """, ["error SSOT-0037 3:58", "error SSOT-0037 3:58"],
            ["resource digitalocean.database/live-pg/odoo", "resource digitalocean.database_user/live-pg/odoo"]),
        environments(
            "another branch than convergence", "environments:\n  live: {tier: production, branch: main}\n",
            ["warning SSOT-0032 2:36"], [],
            others: [Paths.convergence: "environments: {prod: {deploy_target: release/1}}\n"]),
        environments(
            "a slug that a name has taken", "environments:\n  feature-a: {tier: dev}\n", ["warning SSOT-0038 1:19"], []),
        environments(
            "broken YAML", "environments: {\n", ["error FMT-0002 2:1"], ["environments", "kind docker.image"]),
    ]
}
