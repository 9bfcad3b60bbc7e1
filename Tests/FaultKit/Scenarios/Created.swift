import Formats

extension Scenario {
    /// An empty account becomes what git says.
    static let created = Scenario(name: "created", isFulfilled: false, inputs: [])

    /// A machine behind a firewall, with a cluster that lets only it in.
    static let guarded = Scenario(
        name: "guarded", setup: Setup(wish: Wish(hasFirewall: true, isGuarded: true, hasEnvironments: false)),
        isFulfilled: false, inputs: [])

    /// What others made before has the names that are wanted: it is taken over, and the rest is made.
    static let adopted = Scenario(
        name: "adopted",
        setup: Setup(
            wish: Wish(hasFirewall: true),
            accounts: [
                "digitalocean": [
                    "tags": ["theirs"],
                    "droplets": [
                        ["name": "web", "region": "sgp1", "size": "s-1vcpu-2gb", "image": "ubuntu-24-04-x64"],
                        [
                            "name": "stranger", "region": "sgp1", "size": "s-1vcpu-1gb", "image": "ubuntu-24-04-x64",
                            "tags": ["theirs"],
                        ],
                    ],
                    "domains": [
                        [
                            "name": "shop.example",
                            "records": [
                                ["type": "A", "name": "erp", "data": "198.51.100.7", "ttl": 60],
                                ["type": "A", "name": "theirs", "data": "198.51.100.8", "ttl": 60],
                            ],
                        ]
                    ],
                    "databases": [
                        [
                            "name": "shop-pg", "engine": "pg", "version": "16", "region": "sgp1",
                            "size": "db-s-1vcpu-1gb", "num_nodes": 1,
                            "dbs": [["name": "odoo_prod"], ["name": "theirs"]],
                        ]
                    ],
                ]
            ]), isFulfilled: false, inputs: [])
}
