/// Documents from which nothing is wanted by itself, and into which a domain or a gate looks for a name or a verdict.
enum ConsultedDocument {
    private static let domains = [
        "auth/oidc_clients": "supabase", "bridges/catalog": "gates", "odoo/addon_allowlist": "gates",
        "parity/ee_to_oca_matrix": "gates", "parity/ee_to_oca_proof_matrix": "gates",
        "parity/odoo_enterprise": "gates", "platform/surfaces": "supabase",
        "runtime/vault_provisioning": "integrations",
    ]

    /// Who looks into it; nil where nobody does.
    ///
    /// - Parameter stem: its path below a root, without the ending.
    /// - Returns: the domain, or `gates`.
    static func domain(of stem: String) -> String? {
        domains[stem] ?? (stem.hasPrefix("plane/templates/") ? "plane" : nil)
    }
}
