/// Made for these tests, and used for nothing else.
enum RSAKey {
    static let privatePEM = """
        -----BEGIN PRIVATE KEY-----
        MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQCzXFsRARhCQVxu
        g5Z8kU4DgjL+Pj/VSVutYwMWjBmgS5OTu55ebd281X9/nAROOibz3ksx7Y5X/8fS
        V0GZSTP5GBuD7GhKwp310RzcznoTgahOsOdsEmfqZy6whJ1GPnZFJU362leBLveA
        Z8hNxndAr+Gl4bZmlLUv5g9QdFPyWYZbc8kLbIcnlW5993AZWAzCK2b4xcd0iplp
        rlE77evF6l149OxT1yPPkJrZTnthoKhGsT3SP+0iz5BrgwbB87nosS94DNX11jvk
        oBucKiOFDUlq3L0Wd46sXQcjEKgwGvoLNYb2qOH1EDrZUSGmAuQ2v47YNes+09ic
        5dLc4aZxAgMBAAECggEACv5hMpSfmQgKk1eLdM0vO/XSDFVicj9R2DnWaZ5iv7mC
        LS710RHo4ncvnnHArc7Qrmf0sfW+oNQzukfQ5IVhIyaAIUDvT43IQtXzb/FT+Dgd
        Sd18AdrK9conSXiHb1PKygg0VGjnripjz0INO/8rNhLRwOop1PXOeUYfsC3BK3yI
        79MIv56enJU6L7JQG8rtS3wKQgKcjL9dBTleteARYKfcExK3R3XV1wYtDusoyNkQ
        d67WieDSIjRuMeDvBmpdF1ESYCi0B8g6BV8qrPuE/EBgnfT5vTj2hcfQGMGNAY4D
        9itZoN2sxDzQzUkGoKUHRK6UBQIWe0kkXXWMOKaYAQKBgQDnhnlS6zCMd0t/WyIk
        w5WhWS3Dg+CBD72WHZ75tVINx9BB/TLgPH1xS/FNx5/G6ZlxFKZZwkNSimvY6i0X
        cvXNnxaXjOP9+Z6bbM2t/Z2zqMUSbRgAP2ki2CFlZ8qSXKlCAFQbMGY3r7T6YNn8
        XF/qwvPmeWAaFnvHwZv14oYOgQKBgQDGUjU/NqS8OJ2gDZRd35p0sDf3k24hJy4m
        oR0MPv3NgR0u/SQ7PVNeduAbvJcUkmvzh/5ixipcVIu2l+M6fJjhSGH1NA+H+WWW
        jUloUf9XuMMHfePbWoxuE25N5DXZd7yRWN17kMW3NqlhmnGrplIbkN2l+aBhevYC
        SbyYlXx/8QKBgDRBndChVOvfYSL1ptc1behlAHdIpLt8mgXv2Zny2vpRRygdxgXm
        oUmZInWzwNRclU14o7NOrXNL2tuyv0qzn9cxOSArpKoGVU4vWJ0UyStrxE9MYEZu
        CYTb023X51jxoSJMgK9CVU/sUKTSh2D2WI/cQMCcVJyOxpFnmZP99NQBAoGAOG47
        6HjL9yLE9z3l8bAmav2Zb0DsHVLgtu0xLsLdxRPwEebF4HVau45nxnyrIJdpUCpq
        IADzHMKR3qrpZUL+3VuTRApEQRSd63DYam6qkXNpS0BvDYN+YfP1dwRwrih753+5
        xecz2yYanEMuBQGWa3GVIB0fnZ03Uv9YQrKGcoECgYEAgbtyGT4wGHMn9D5qawkY
        WwXmC2M4WT1tDlbnapmr7hb1RG8SZVC6L/OYy7qA3eDWErepGDpORgH81zmMzhHe
        BI1CWxgqYyXp5n1PAAw4FpUa1Q22KPM2c2zGjq2rMAKoERNvTpyChqO3iOhND5gH
        FxIcAhwFtHt5DxBpmiwQfM0=
        -----END PRIVATE KEY-----
        """

    /// Of the public key, in base64url.
    static let modulus =
        "s1xbEQEYQkFcboOWfJFOA4Iy_j4_1UlbrWMDFowZoEuTk7ueXm3dvNV_f5wETjom895LMe2OV__H0ldBmUkz-Rgbg-xoSsKd9dEc"
        + "3M56E4GoTrDnbBJn6mcusISdRj52RSVN-tpXgS73gGfITcZ3QK_hpeG2ZpS1L-YPUHRT8lmGW3PJC2yHJ5VuffdwGVgMwitm-MXH"
        + "dIqZaa5RO-3rxepdePTsU9cjz5Ca2U57YaCoRrE90j_tIs-Qa4MGwfO56LEveAzV9dY75KAbnCojhQ1Jaty9FneOrF0HIxCoMBr6"
        + "CzWG9qjh9RA62VEhpgLkNr-O2DXrPtPYnOXS3OGmcQ"
}
