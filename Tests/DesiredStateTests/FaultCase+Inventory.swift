extension FaultCase {
    private static func inventory(_ name: String, _ text: String, _ faults: [String], _ scopes: [String]) -> FaultCase {
        FaultCase(name, Paths.inventory, text, faults, scopes)
    }

    /// Every kind of the inventory.
    static let allKinds = [
        "kind digitalocean.database", "kind digitalocean.database_cluster", "kind digitalocean.database_firewall",
        "kind digitalocean.database_pool", "kind digitalocean.database_user", "kind digitalocean.domain",
        "kind digitalocean.droplet", "kind digitalocean.firewall", "kind digitalocean.project",
        "kind digitalocean.record", "kind digitalocean.snapshot", "kind digitalocean.spaces_key",
        "kind digitalocean.tag", "kind digitalocean.volume",
        "kind digitalocean.vpc", "kind spaces.bucket",
    ]

    private static let cluster = "name: db, engine: pg, version: 16, region: sgp1, size: s, num_nodes: 1"

    static let inventory: [FaultCase] = [
        inventory(
            "a droplet without size",
            """
            droplets:
              - {name: a, region: sgp1, image: u}
              - {name: b, region: sgp1, image: u, size: s}
            """, ["error SSOT-0005 2:5"], ["resource digitalocean.droplet/a"]),
        inventory(
            "a droplet without name",
            """
            droplets:
              - {region: sgp1, image: u, size: s}
            """, ["error SSOT-0005 2:5"], ["kind digitalocean.droplet", "kind digitalocean.tag"]),
        inventory(
            "one name twice",
            """
            droplets:
              - {name: a, region: sgp1, image: u, size: s}
              - {name: a, region: nyc3, image: u, size: s}
            """, ["error SSOT-0010 3:5"], ["resource digitalocean.droplet/a"]),
        inventory(
            "a key twice, as after a lost line",
            """
            droplets:
              - name: a
                region: sgp1
                image: u
                size: s
                region: nyc3
                image: u
                size: s
            """, ["error FMT-0003 6:5", "error FMT-0003 7:5", "error FMT-0003 8:5"],
            ["kind digitalocean.droplet", "kind digitalocean.tag"]),
        inventory(
            "a misspelt key",
            """
            droplets:
              - {name: a, region: sgp1, image: u, size: s, tagz: [x]}
            """, ["warning SSOT-0006 2:48"], ["kind digitalocean.tag", "resource digitalocean.droplet/a"]),
        inventory(
            "a key that nobody knows",
            """
            droplets:
              - {name: a, region: sgp1, image: u, size: s, colour: blue}
            """, ["warning SSOT-0006 2:48"], []),
        inventory(
            "tags that are no list",
            """
            droplets:
              - {name: a, region: sgp1, image: u, size: s, tags: x}
            """, ["error SSOT-0004 2:54"], ["kind digitalocean.tag", "resource digitalocean.droplet/a"]),
        inventory(
            "a tag with a space",
            """
            droplets:
              - {name: a, region: sgp1, image: u, size: s, tags: ["a b"]}
            """, ["error SSOT-0011 2:55"], ["kind digitalocean.tag", "resource digitalocean.droplet/a"]),
        inventory(
            "a droplet with a name that can't be used",
            """
            droplets:
              - {name: a b, region: sgp1, image: u, size: s}
            """, ["error SSOT-0011 2:12"], ["kind digitalocean.droplet", "kind digitalocean.tag"]),
        inventory(
            "a cluster with a name that can't be used",
            "databases:\n  - {\(cluster.replacing("db,", with: "\"d b\",")), dbs: [a]}\n",
            ["error SSOT-0011 2:12"],
            [
                "kind digitalocean.database", "kind digitalocean.database_cluster",
                "kind digitalocean.database_firewall", "kind digitalocean.database_pool",
                "kind digitalocean.database_user", "kind digitalocean.tag",
            ]),
        inventory(
            "a domain with a name that can't be used", "domains:\n  - {name: example com, records: []}\n",
            ["error SSOT-0011 2:12"], ["kind digitalocean.domain", "kind digitalocean.record"]),
        inventory(
            "a domain without a dot",
            "domains:\n  - {name: example, records: [{type: A, name: a, data: 203.0.113.7}]}\n",
            ["error SSOT-0011 2:12"], ["kind digitalocean.domain", "kind digitalocean.record"]),
        inventory(
            "a key of Spaces with a dot before its name", "spaces_keys:\n  - {name: .k, grants: [\"*:fullaccess\"]}\n",
            ["error SSOT-0011 2:12"], ["kind digitalocean.spaces_key"]),
        inventory(
            "a file that is not there",
            """
            droplets:
              - {name: a, region: sgp1, image: u, size: s, user_data_file: init.yaml}
            """, ["error SSOT-0051 2:64"], ["resource digitalocean.droplet/a"]),
        inventory(
            "droplets that are no list", "droplets: {a: {}}\n", ["error SSOT-0004 1:11"],
            ["kind digitalocean.droplet", "kind digitalocean.tag"]),
        inventory(
            "the section misspelt", "droplet: []\n", ["warning SSOT-0006 1:1"],
            ["kind digitalocean.droplet", "kind digitalocean.tag"]),
        inventory(
            "an unknown engine",
            """
            databases:
              - {name: db, engine: pgg, version: 16, region: sgp1, size: s, num_nodes: 1, dbs: [a]}
            """, ["error SSOT-0008 2:24"], ["resource digitalocean.database_cluster/db"]),
        inventory(
            "databases that are no list", "databases:\n  - {\(cluster), dbs: a}\n", ["error SSOT-0004 2:83"],
            ["kind digitalocean.database", "resource digitalocean.database_cluster/db"]),
        inventory(
            "a database with a wrong name", "databases:\n  - {\(cluster), dbs: [\"a b\", c]}\n",
            ["error SSOT-0011 2:84"],
            ["kind digitalocean.database"]),
        inventory(
            "a pool with a wrong mode",
            "databases:\n  - {\(cluster), pools: [{name: p, db: a, mode: fast, size: 1}]}\n",
            ["error SSOT-0008 2:109"], ["resource digitalocean.database_pool/db/p"]),
        inventory(
            "a trusted source of no type", "databases:\n  - {\(cluster), trusted_sources: [203.0.113.7]}\n",
            ["error SSOT-0008 2:96"],
            ["kind digitalocean.tag", "resource digitalocean.database_firewall/db"]),
        inventory(
            "a firewall for a droplet that is not there",
            """
            droplets:
              - {name: odoo-live, region: sgp1, image: u, size: s}
            firewalls:
              - name: web
                droplets: [odoo-life]
            """, ["error SSOT-0031 5:16"], ["resource digitalocean.firewall/web"]),
        inventory(
            "a rule without peers",
            """
            firewalls:
              - name: web
                inbound_rules: [{protocol: tcp, ports: 80}]
            """, ["error SSOT-0005 3:21"], ["resource digitalocean.firewall/web"]),
        inventory(
            "a rule with wrong ports",
            """
            firewalls:
              - name: web
                inbound_rules: [{protocol: tcp, ports: 90-80, addresses: ["::/0"]}]
            """, ["error SSOT-0014 3:44"], ["resource digitalocean.firewall/web"]),
        inventory(
            "a rule with a wrong range",
            """
            firewalls:
              - name: web
                inbound_rules: [{protocol: tcp, ports: 80, addresses: ["0.0.0.0/33"]}]
            """, ["error SSOT-0052 3:60"], ["resource digitalocean.firewall/web"]),
        inventory(
            "a network that is not there",
            """
            vpcs:
              - {name: ops, region: sgp1}
            droplets:
              - {name: a, region: sgp1, image: u, size: s, vpc: opps}
            """, ["error SSOT-0031 4:53"], ["resource digitalocean.droplet/a"]),
        inventory(
            "a network by name and by id",
            """
            vpcs:
              - {name: ops, region: sgp1}
            droplets:
              - {name: a, region: sgp1, image: u, size: s, vpc: ops, vpc_uuid: x}
            """, ["error SSOT-0010 4:68"], ["resource digitalocean.droplet/a"]),
        inventory(
            "a network of which the name was lost",
            """
            vpcs:
              - {region: sgp1}
            droplets:
              - {name: a, region: sgp1, image: u, size: s, vpc: ops}
            """, ["error SSOT-0005 2:5"], ["kind digitalocean.vpc"]),
        inventory(
            "a lifecycle rule that lets nothing go",
            """
            spaces:
              - {name: files, region: sgp1, lifecycle_rules: [{prefix: tmp/}]}
            """, ["error SSOT-0005 2:51"], ["resource spaces.bucket/files"]),
        inventory(
            "a lifecycle rule after no days",
            """
            spaces:
              - {name: files, region: sgp1, lifecycle_rules: [{expiration_days: 0}]}
              - {name: other, region: sgp1}
            """, ["error SSOT-0014 2:69"], ["resource spaces.bucket/files"]),
        inventory(
            "a key for a bucket that is not there",
            """
            spaces:
              - {name: files, region: sgp1}
            spaces_keys:
              - {name: k, grants: ["file:read"]}
            """, ["error SSOT-0031 4:24"], ["resource digitalocean.spaces_key/k"]),
        inventory(
            "a key that may write nowhere in particular",
            """
            spaces_keys:
              - {name: k, grants: ["*:read"]}
              - {name: l, grants: []}
              - {name: m, grants: ["*:fullaccess"]}
            """, ["error SSOT-0008 2:24", "error SSOT-0005 3:23"],
            ["resource digitalocean.spaces_key/k", "resource digitalocean.spaces_key/l"]),
        inventory(
            "keys that are no list", "spaces_keys: {a: b}\n", ["error SSOT-0004 1:14"],
            [
                "kind digitalocean.spaces_key"
            ]),
        inventory("a text at the top", "hello\n", ["error SSOT-0004 1:1"], allKinds),
        inventory("broken YAML", "droplets: [\n", ["error FMT-0002 2:1"], allKinds),
        inventory("an alias", "droplets: [*a]\n", ["error FMT-0004 1:12"], allKinds),
    ]

    private static func record(_ record: String, _ faults: [String], _ scopes: [String]) -> FaultCase {
        FaultCase(
            "the record \(record)", Paths.inventory,
            "domains:\n  - name: example.com\n    records:\n      - {\(record)}\n",
            faults, scopes)
    }

    static let records: [FaultCase] = [
        record(
            "type: A, name: erp, data: 203.0.113.300", ["error SSOT-0052 4:36"],
            ["resource digitalocean.record/example.com/A/erp"]),
        record("type: A, name: erp", ["error SSOT-0005 4:9"], ["resource digitalocean.record/example.com/A/erp"]),
        record("type: B, name: erp, data: x", ["error SSOT-0008 4:16"], ["kind digitalocean.record"]),
        record("name: erp, data: 203.0.113.7", ["error SSOT-0005 4:9"], ["kind digitalocean.record"]),
        record(
            "type: MX, name: \"@\", data: mx.example.com.", ["error SSOT-0005 4:9"],
            ["resource digitalocean.record/example.com/MX/@/mx.example.com"]),
        record(
            "type: A, name: erp, data: 203.0.113.7, ttl: 5", ["error SSOT-0014 4:54"],
            ["resource digitalocean.record/example.com/A/erp"]),
        record(
            "type: A, name: a b, data: 203.0.113.7", ["error SSOT-0011 4:25"],
            ["kind digitalocean.record"]),
        // An alias has no other records, the domain itself is none, and what it points to is a whole name.
        record(
            "type: CNAME, name: www, data: a.example.}\n      - {type: TXT, name: www, data: t",
            ["error SSOT-0054 4:9"],
            [
                "resource digitalocean.record/example.com/CNAME/www",
                "resource digitalocean.record/example.com/TXT/www/t",
            ]),
        record(
            "type: CNAME, name: www, data: a.example.}\n      - {type: CNAME, name: www, data: b.example.",
            ["error SSOT-0054 4:9", "error SSOT-0054 5:9"],
            [
                "resource digitalocean.record/example.com/CNAME/www/a.example",
                "resource digitalocean.record/example.com/CNAME/www/b.example",
            ]),
        record(
            "type: CNAME, name: \"@\", data: a.example.}\n      - {type: TXT, name: \"@\", data: t",
            ["error SSOT-0054 4:9"],
            ["resource digitalocean.record/example.com/CNAME/@"]),
        record("type: CNAME, name: www, data: a.example", ["warning SSOT-0055 4:40"], []),
        record("type: CNAME, name: www, data: erp", ["warning SSOT-0055 4:40"], []),
    ]
}
