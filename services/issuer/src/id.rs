database::id_type! {
    /// A person registered in a programme, without the identity.
    pub struct BeneficiaryId;

    /// The load of a file of beneficiaries.
    pub struct ImportId;

    /// A booklet given to a person.
    pub struct HandOverId;

    /// A request to block a booklet or a voucher.
    pub struct RevocationId;

    /// The end of a programme.
    pub struct ExpiryId;

    /// A proof sheet (bon à tirer).
    pub struct ProofId;

    /// A print of booklets.
    pub struct PrintId;

    /// New numbers for booklets whose paper must be refused.
    pub struct ReissueId;
}
