<?php

return [
    'required' => 'The :attribute is missing.',
    'string' => 'The :attribute must be text.',
    'integer' => 'The :attribute must be a whole number.',
    'date' => 'The :attribute must be a date.',
    'in' => 'The :attribute is none of those allowed.',
    'max' => ['string' => 'The :attribute has more than :max characters.'],
    'min' => ['numeric' => 'The :attribute must be at least :min.'],
];
