extension World {
    /// A machine behind a firewall, with a cluster that lets only it in, and a domain.
    static let guarded =
        World.inventory.replacing("num_nodes: 1}", "num_nodes: 1, trusted_sources: [\"droplet:web\"]}") + """

            firewalls:
              - name: edge
                droplets: [web]
                inbound_rules:
                  - {protocol: tcp, ports: "443", addresses: ["0.0.0.0/0", "::/0"]}
                outbound_rules:
                  - {protocol: tcp, ports: all, addresses: ["0.0.0.0/0", "::/0"]}

            """
}
